import { numbersOfRank, readModelInfo, type SmallAdapter, smallAdapter } from "../llama/index.ts";

/** A LoRA of the rank that makes it about as large as asked. */
export async function wideAdapter(gguf: string, bytesWanted: number, name: string): Promise<SmallAdapter> {
  const model = await readModelInfo(gguf);
  return smallAdapter(model, Math.round(bytesWanted / (4 * numbersOfRank(model))), name);
}
