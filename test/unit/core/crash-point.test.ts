import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { CRASH_POINTS } from "../../../core/index.ts";
import { openTemporaryFolder } from "../../support/temporary-folder.ts";

const PRODUCT = [
  "cli",
  "coordinator",
  "core",
  "llama",
  "rewards",
  "telemetry",
  "transport",
  "updater",
  "workers",
];
const PASS_THRICE = `
  import { crashPoint } from "./core/index.ts";
  for (let pass = 0; pass < 3; pass++) {
    console.log(pass);
    crashPoint("worker.before-ack");
  }`;

/** How a process that passes one crash point three times ends, and what it printed. */
function passThrice(environment: Readonly<Record<string, string>>): {
  signal: string | null;
  passes: number;
} {
  const { signal, stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", PASS_THRICE], {
    env: { ...process.env, ...environment },
    encoding: "utf8",
  });
  return { signal, passes: stdout.trim().split("\n").length };
}

it("is called once in the product for every name that is registered, and for no other", async () => {
  const files = (await Promise.all(PRODUCT.map((folder) => readdir(folder, { recursive: true })))).flatMap(
    (names, i) => names.filter((name) => name.endsWith(".ts")).map((name) => join(PRODUCT[i] ?? "", name)),
  );
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));

  const called = texts.flatMap((text) =>
    [...text.matchAll(/\bcrashPoint\("([^"]*)"\)/g)].map(([, name]) => name),
  );

  expect(called.toSorted()).toEqual([...CRASH_POINTS].toSorted());
});

it("ends the process as SIGKILL does where the environment says so, and leaves its name and the process's id", async () => {
  await using folder = await openTemporaryFolder();
  const mark = folder.file("mark");

  const died = passThrice({ FLEET_CRASH_AT: "worker.before-ack", FLEET_CRASH_MARK: mark });

  expect(died).toEqual({ signal: "SIGKILL", passes: 1 });
  expect(await readFile(mark, "utf8")).toMatch(/^worker\.before-ack \d+\n$/);
});

it("lets the process that finds the mark pass", async () => {
  await using folder = await openTemporaryFolder();
  const environment = { FLEET_CRASH_AT: "worker.before-ack", FLEET_CRASH_MARK: folder.file("mark") };
  passThrice(environment);

  expect(passThrice(environment)).toEqual({ signal: null, passes: 3 });
});

it("lets as many passes be as the environment says", async () => {
  await using folder = await openTemporaryFolder();
  const mark = folder.file("mark");

  const died = passThrice({
    FLEET_CRASH_AT: "worker.before-ack",
    FLEET_CRASH_MARK: mark,
    FLEET_CRASH_AFTER: "2",
  });

  expect(died).toEqual({ signal: "SIGKILL", passes: 3 });
});

it("does nothing where it is not asked for", async () => {
  await using folder = await openTemporaryFolder();
  const mark = folder.file("mark");

  expect(passThrice({ FLEET_CRASH_AT: "worker.after-ack", FLEET_CRASH_MARK: mark })).toEqual({
    signal: null,
    passes: 3,
  });
  expect(existsSync(mark)).toBe(false);
});
