import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import {
  type Adapter,
  type AdapterTensor,
  encodeAdapter,
  type ModelInfo,
  readModelInfo,
  writePeftAdapter,
} from "../../../llama/index.ts";
import { hasPython, runPython } from "../../support/python.ts";
import { openTemporaryFolder } from "../../support/temporary-folder.ts";
import { tinyAdapter, writeTinyModel } from "../../support/tiny-model.ts";

describe("an adapter exported for PEFT", () => {
  it("has the same products B · A as the GGUF's, in Hugging Face's names and order of rows", async () => {
    await using folder = await openTemporaryFolder();
    const { model, adapter } = await writeExport(folder.file);

    const exported = parseSafetensors(await readFile(folder.file("peft/adapter_model.safetensors")));

    const names = [
      ["attn_q", "self_attn.q_proj", model.heads],
      ["attn_k", "self_attn.k_proj", model.kvHeads],
      ["attn_v", "self_attn.v_proj", 0],
      ["attn_output", "self_attn.o_proj", 0],
      ["ffn_gate", "mlp.gate_proj", 0],
      ["ffn_up", "mlp.up_proj", 0],
      ["ffn_down", "mlp.down_proj", 0],
    ] as const;
    for (let layer = 0; layer < model.layers; layer++)
      for (const [projection, module, heads] of names) {
        const weight = `blk.${layer}.${projection}.weight`;
        const prefix = `base_model.model.model.layers.${layer}.${module}`;
        const theirs = product(
          pick(exported, `${prefix}.lora_A.weight`),
          pick(exported, `${prefix}.lora_B.weight`),
        );
        const ours = product(
          pick(adapter.tensors, `${weight}.lora_a`),
          pick(adapter.tensors, `${weight}.lora_b`),
        );
        expect(permuteLikeConversion(theirs, heads)).toEqual(ours);
      }
    expect(exported).toHaveLength(adapter.tensors.length);
  });

  it("has a configuration with rank, alpha and the modules", async () => {
    await using folder = await openTemporaryFolder();
    await writeExport(folder.file);

    const config = JSON.parse(await readFile(folder.file("peft/adapter_config.json"), "utf8"));

    expect(config).toMatchObject({
      peft_type: "LORA",
      task_type: "CAUSAL_LM",
      r: 4,
      lora_alpha: 8,
      bias: "none",
      target_modules: ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
    });
  });

  it.skipIf(!hasPython() || !hasSafetensors())("is read by Python's safetensors", async () => {
    await using folder = await openTemporaryFolder();
    const { adapter } = await writeExport(folder.file);
    const path = folder.file("peft/adapter_model.safetensors");

    const sums = runPython(
      "import json, sys; from safetensors.numpy import load_file\n" +
        "print(json.dumps({k: float(v.astype('float64').sum()) for k, v in load_file(json.load(sys.stdin)).items()}))",
      path,
    ) as Record<string, number>;

    const expected = adapter.tensors.reduce((sum, { values }) => sum + values.reduce((a, b) => a + b, 0), 0);
    expect(Object.values(sums).reduce((a, b) => a + b, 0)).toBeCloseTo(expected, 3);
  });

  it("is not made of matrices of several ranks", async () => {
    await using folder = await openTemporaryFolder();
    const { model, adapter } = await writeExport(folder.file);
    const other = tinyAdapter(model, { rank: 2 });
    const mixed = { ...adapter, tensors: adapter.tensors.toSpliced(0, 2, ...other.tensors.slice(0, 2)) };

    await expect(writePeftAdapter(folder.file("mixed"), model, encodeAdapter(mixed))).rejects.toThrow(
      "the adapter's matrices differ in rank",
    );
  });
});

async function writeExport(
  fileOf: (name: string) => string,
): Promise<{ model: ModelInfo; adapter: Adapter }> {
  await writeTinyModel(fileOf("base.gguf"));
  const model = await readModelInfo(fileOf("base.gguf"));
  const adapter = tinyAdapter(model);
  await writePeftAdapter(fileOf("peft"), model, encodeAdapter(adapter));
  return { model, adapter };
}

/** Reads float32 tensors as the format describes them. */
function parseSafetensors(bytes: Buffer): AdapterTensor[] {
  const start = 8 + Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.toString("utf8", 8, start)) as Record<
    string,
    { shape: number[]; data_offsets: number[] }
  >;
  return Object.entries(header).flatMap(([name, { shape, data_offsets }]) => {
    if (name === "__metadata__") return [];
    const [from = 0, to = 0] = data_offsets;
    const values = new Float32Array(Uint8Array.from(bytes.subarray(start + from, start + to)).buffer);
    return [{ name, rows: shape[0] ?? 0, columns: shape[1] ?? 0, values }];
  });
}

function pick(tensors: readonly AdapterTensor[], name: string): AdapterTensor {
  const found = tensors.find((tensor) => tensor.name === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
}

/** B · A, a row an array. */
function product(a: AdapterTensor, b: AdapterTensor): number[][] {
  return Array.from({ length: b.rows }, (_, row) =>
    Array.from({ length: a.columns }, (_, column) => {
      let sum = 0;
      for (let inner = 0; inner < a.rows; inner++)
        sum += (b.values[row * b.columns + inner] ?? 0) * (a.values[inner * a.columns + column] ?? 0);
      return sum;
    }),
  );
}

/**
 * What llama.cpp's conversion does to the rows of q_proj and k_proj: reshape to [heads, 2, half, columns], swap the
 * middle axes, reshape back. With 0 heads the rows stay.
 *
 * @see conversion/llama.py (`permute`) of llama.cpp v0.5.0
 */
function permuteLikeConversion(rows: number[][], heads: number): number[][] {
  if (heads === 0) return rows;
  const headSize = rows.length / heads;
  return rows.map((_, row) => {
    const [head, within] = [Math.floor(row / headSize), row % headSize];
    return rows[head * headSize + (within % 2) * (headSize / 2) + (within >> 1)] ?? [];
  });
}

function hasSafetensors(): boolean {
  const found = spawnSync("python3", ["-c", "import safetensors.numpy"], { stdio: "ignore" }).status === 0;
  if (!found)
    process.stderr.write(
      "python3 has no package safetensors: reading an exported adapter with it is skipped\n",
    );
  return found;
}
