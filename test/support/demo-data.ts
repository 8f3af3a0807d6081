import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Writes the demo's dataset into a folder. */
export async function makeDemoData(folder: string): Promise<void> {
  const args = ["examples/demo/make-dataset.ts", "--out", folder];
  await promisify(execFile)(process.execPath, args);
}
