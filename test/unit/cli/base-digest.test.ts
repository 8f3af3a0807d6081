import { createHash } from "node:crypto";
import { mkdir, readFile, utimes, writeFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { readBaseDigest } from "../../../cli/base-digest.ts";
import { RunFolder } from "../../../cli/run-folder.ts";
import { openTemporaryFolder } from "../../support/temporary-folder.ts";
import { writeTinyModel } from "../../support/tiny-model.ts";

async function sha256Of(path: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}

it("the digest of the base is kept for as long as the file is the same", async () => {
  await using temporary = await openTemporaryFolder();
  const gguf = temporary.file("model.gguf");
  await writeTinyModel(gguf, { seed: 1 });
  const folder = new RunFolder(temporary.file("."), "r");
  await mkdir(folder.path);
  const first = await sha256Of(gguf);

  expect(await readBaseDigest(folder, gguf)).toBe(first);
  const kept = await readFile(folder.baseDigest, "utf8");
  await writeFile(folder.baseDigest, kept.replace(first, "0".repeat(64)));
  expect(await readBaseDigest(folder, gguf)).toBe("0".repeat(64)); // The file was not read again.

  await utimes(gguf, new Date(), new Date(1));
  expect(await readBaseDigest(folder, gguf)).toBe(first);

  await writeTinyModel(gguf, { seed: 2 });
  expect(await readBaseDigest(folder, gguf)).toBe(await sha256Of(gguf));

  await writeFile(folder.baseDigest, "half of");
  expect(await readBaseDigest(folder, gguf)).toBe(await sha256Of(gguf));
});
