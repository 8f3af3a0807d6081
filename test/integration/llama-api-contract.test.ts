import koffi, { type TypeObject } from "koffi";
import { beforeAll, describe, expect, it } from "vitest";
import { loadLibraries } from "../../llama/native/libraries.ts";
import { bindLlama, LLAMA_PROTOTYPES } from "../../llama/native/llama-api.ts";
import {
  BATCH,
  CACHE_TYPE,
  CONTEXT_PARAMS,
  FLASH_ATTENTION,
  MODEL_PARAMS,
} from "../../llama/native/llama-structs.ts";
import { type Headers, type Prototype, parsePrototype, readHeaders } from "../support/llama-headers.ts";

const FILES = ["include/llama.h", "ggml/include/ggml.h", "ggml/include/ggml-backend.h"];
const STRUCTS = {
  llama_model_params: MODEL_PARAMS,
  llama_context_params: CONTEXT_PARAMS,
  llama_batch: BATCH,
};

describe("what is bound of llama", () => {
  let headers: Headers;
  beforeAll(async () => {
    headers = await readHeaders(FILES);
  });

  it.each(Object.values(LLAMA_PROTOTYPES).map(parsePrototype))(
    "has the prototype of the pinned header: $name",
    (prototype) => {
      expect(untexted(prototype)).toEqual(untexted(headers.prototypeOf(prototype.name)));
    },
  );

  it.each(Object.entries(STRUCTS))("has the header's fields, in its order: %s", (name, struct) => {
    expect(fieldsBound(struct)).toEqual(fieldsDeclared(headers.text, name));
  });

  it("has the header's numbers of cache types and of flash attention", () => {
    const plain = headers.text.replace(/\s+/g, " ");

    expect(plain).toContain(`LLAMA_FLASH_ATTN_TYPE_AUTO = ${FLASH_ATTENTION.auto},`);
    expect(plain).toContain(`LLAMA_FLASH_ATTN_TYPE_DISABLED = ${FLASH_ATTENTION.off},`);
    expect(plain).toContain(`GGML_TYPE_F32 = ${CACHE_TYPE.f32},`);
    expect(plain).toContain(`GGML_TYPE_F16 = ${CACHE_TYPE.f16},`);
  });

  it("is in the library, every symbol, and fills the structs with the defaults that are relied upon", () => {
    const llama = bindLlama(loadLibraries("cpu").llama);

    expect(Object.keys(llama)).toEqual(Object.keys(LLAMA_PROTOTYPES));
    expect(llama.modelDefaultParams()).toMatchObject({ n_gpu_layers: -1, use_extra_bufts: true });
    expect(llama.contextDefaultParams()).toMatchObject({
      n_ctx: 512,
      flash_attn_type: FLASH_ATTENTION.auto,
      type_k: CACHE_TYPE.f16,
      type_v: CACHE_TYPE.f16,
      kv_unified: false,
    });
  });
});

/** Text may be given as bytes: a pointer like any other. */
function untexted({ takes, ...rest }: Prototype): Prototype {
  return { ...rest, takes: takes.map((type) => (type === "const char *" ? "void *" : type)) };
}

/** Type and name of each field; pointers are "pointer", enumerations and int32_t "int". */
function fieldsBound(struct: TypeObject): string[] {
  return Object.values(struct.members ?? {}).map(({ name, type }) => {
    const isPointer = type.primitive === koffi.type("void *").primitive;
    return `${isPointer ? "pointer" : plain(type.name)} ${name}`;
  });
}

function fieldsDeclared(text: string, name: string): string[] {
  const struct = new RegExp(`struct ${name} \\{([^}]*)\\}`).exec(text)?.[1] ?? "";
  const fields = struct.split(";").map((field) => field.replace(/\s+/g, " ").trim());
  return fields.filter((field) => field !== "").map(describeField);
}

const POINTERS = /\*|_callback /;

function describeField(declaration: string): string {
  const [, type = "", name = ""] = /^(.*?)(\w+)$/.exec(declaration) ?? [];
  return `${POINTERS.test(declaration) ? "pointer" : plain(type.trim())} ${name}`;
}

function plain(type: string): string {
  return /^enum |^int32_t$/.test(type) ? "int" : type;
}
