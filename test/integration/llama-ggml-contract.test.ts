import { beforeAll, describe, expect, it } from "vitest";
import { BASE_PROTOTYPES, bindGgml, GGML_TYPE, OPERATION_PROTOTYPES } from "../../llama/native/ggml-api.ts";
import { loadLibraries } from "../../llama/native/libraries.ts";
import { type Headers, parsePrototype, readHeaders } from "../support/llama-headers.ts";

const FILES = ["ggml/include/ggml.h", "ggml/include/ggml-alloc.h", "ggml/include/ggml-backend.h"];
const PROTOTYPES = [...Object.values(OPERATION_PROTOTYPES), ...Object.values(BASE_PROTOTYPES)].map(
  parsePrototype,
);

describe("what is bound of ggml", () => {
  let headers: Headers;
  beforeAll(async () => {
    headers = await readHeaders(FILES);
  });

  it.each(PROTOTYPES)("has the prototype of the pinned header: $name", (prototype) => {
    expect(prototype).toEqual(headers.prototypeOf(prototype.name));
  });

  it("has the header's layout of parameters, and its numbers of types and modes", () => {
    const plain = headers.text.replace(/\s+/g, " ");

    expect(plain).toContain("struct ggml_init_params { size_t mem_size; void * mem_buffer; bool no_alloc; }");
    expect(plain).toContain(`GGML_TYPE_F32 = ${GGML_TYPE.f32},`);
    expect(plain).toContain(`GGML_TYPE_I32 = ${GGML_TYPE.i32},`);
    expect(plain).toContain("GGML_STATUS_SUCCESS = 0,");
    expect(plain).toContain("#define GGML_ROPE_TYPE_NORMAL 0 ");
    expect(plain).toContain("void (*ggml_backend_set_n_threads_t)");
  });

  it("is in the library, every symbol", () => {
    const { ops, base } = bindGgml(loadLibraries("cpu"));

    expect(Object.keys(ops)).toEqual(Object.keys(OPERATION_PROTOTYPES));
    expect(Object.keys(base)).toEqual(Object.keys(BASE_PROTOTYPES));
    expect(base.tensorOverhead()).toBeGreaterThan(0);
  });
});
