import { mkdir, readdir, readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { openTemporaryFolder } from "../support/temporary-folder.ts";
import { runFuzz } from "./fuzz/run-fuzz.ts";
import { targets } from "./fuzz/targets/index.ts";

describe("readers of what strangers make", () => {
  it("take or refuse every damaged input, each in one line, in time and within memory", async () => {
    await using folder = await openTemporaryFolder();
    const failuresFolder = folder.file("failures");
    await mkdir(failuresFolder);

    const tallies = await runFuzz({
      targets: new URL("fuzz/targets/index.ts", import.meta.url).href,
      names: targets.map(({ name }) => name),
      seed: "short",
      seconds: 45,
      failuresFolder,
      deadlineMs: 60_000,
    });

    const failures = (await readdir(failuresFolder)).filter((name) => name.endsWith(".txt"));
    expect(await Promise.all(failures.map((name) => readFile(`${failuresFolder}/${name}`, "utf8")))).toEqual(
      [],
    );
    for (const [name, { accepted }] of tallies) expect({ name, accepted }).not.toEqual({ name, accepted: 0 });
  });
});

describe("fuzzing", () => {
  it("finds each way in which a reader may fail, and goes on behind it", async () => {
    await using folder = await openTemporaryFolder();
    const failuresFolder = folder.file("failures");
    const names = ["throws", "talks", "hoards", "hangs", "dies"];

    const tallies = await runFuzz({
      targets: new URL("fuzz/broken-targets.ts", import.meta.url).href,
      names,
      seed: "1",
      seconds: 20,
      failuresFolder,
      deadlineMs: 5_000,
    });

    const whys = names.map((name) => readFile(`${failuresFolder}/${name}-1-1.txt`, "utf8"));
    expect(await Promise.all(whys)).toEqual([
      expect.stringContaining("threw what is no FleetError: TypeError: it is broken"),
      expect.stringContaining('said 2 lines: "one\\ntwo"'),
      expect.stringMatching(/^took \d{9,} bytes of memory for an input of 2$/m),
      expect.stringContaining("took longer than 5000 ms"),
      expect.stringContaining("ended its process with code 7"),
    ]);
    for (const name of names) expect(tallies.get(name)?.accepted).toBeGreaterThan(2);
  });
});
