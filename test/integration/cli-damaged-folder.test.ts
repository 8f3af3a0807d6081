import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fleet } from "../support/fleet-command.ts";
import { writeRunFolder, writeRunInputs } from "../support/run-by-hand.ts";

let folder: string;
let path: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fleet-damaged-"));
  path = await writeRunFolder(folder, await writeRunInputs(folder), "hurt", {});
});

afterAll(() => rm(folder, { recursive: true }));

describe("a file of a run's folder that something else has changed", { timeout: 60_000 }, () => {
  it.each([
    ["endpoints.json", "status"],
    ["summary.json", "ledger"],
  ])("is named, with what to do: %s", async (name, command) => {
    await writeFile(join(path, name), "{");

    const { code, stderr } = await fleet(command, "--runs", join(folder, "runs"), "--run", "hurt");
    await rm(join(path, name));

    expect(stderr).toBe(
      `fleet: ${join(path, name)} is damaged: delete it, and the next "fleet train --resume" writes it again\n`,
    );
    expect(code).toBe(2);
  });

  it("is asked for when it is the ledger of a run that got somewhere", async () => {
    await writeFile(join(path, "summary.json"), "{}");

    const { code, stderr } = await fleet(
      "train",
      "--resume",
      "--runs",
      join(folder, "runs"),
      "--run",
      "hurt",
    );
    await rm(join(path, "summary.json"));

    expect(stderr).toBe(
      `fleet: the run hurt has lost its ledger: put ${join(path, "nats")} back, or start a new run\n`,
    );
    expect(code).toBe(2);
  });

  it("is asked for when it is the configuration and not there", async () => {
    await writeFile(join(path, "endpoints.json"), "{}"); // Without it the run looks like one that never started.
    await rm(join(path, "run.yaml"));

    const { code, stderr } = await fleet(
      "train",
      "--resume",
      "--runs",
      join(folder, "runs"),
      "--run",
      "hurt",
    );

    expect(stderr).toBe(
      `fleet: the run hurt has lost its configuration: put ${join(path, "run.yaml")} back\n`,
    );
    expect(code).toBe(2);
  });
});
