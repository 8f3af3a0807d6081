import { createHash } from "node:crypto";
import { mkdir, readdir, utimes } from "node:fs/promises";
import { afterEach, expect, it, vi } from "vitest";
import { withAdapterFile } from "../../../llama/decoding/adapter-file.ts";
import { openTemporaryFolder } from "../../support/temporary-folder.ts";

const BYTES = new TextEncoder().encode("an adapter");
const DIGEST = createHash("sha256").update(BYTES).digest("hex");

afterEach(() => vi.unstubAllEnvs());

it("files that a killed process left are deleted once they are too old to be in use", async () => {
  await using folder = await openTemporaryFolder();
  vi.stubEnv("TMPDIR", folder.path);
  for (const name of ["fleet-adapter-old", "fleet-adapter-young", "of-others"])
    await mkdir(folder.file(name));
  const longAgo = new Date(Date.now() - 2 * 3_600_000);
  for (const name of ["fleet-adapter-old", "of-others"]) await utimes(folder.file(name), longAgo, longAgo);

  const lent = await withAdapterFile(DIGEST, BYTES, async () => readdir(folder.path));

  expect(lent).toHaveLength(3);
  expect((await readdir(folder.path)).sort()).toEqual(["fleet-adapter-young", "of-others"]);
});
