import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fleet } from "../support/fleet-command.ts";
import { openPodRun, type PodRun } from "../support/pod-run.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyInputs, writeTinyRun } from "../support/tiny-run.ts";

let folder: TemporaryFolder;
let run: PodRun;
beforeAll(async () => {
  folder = await openTemporaryFolder();
  await writeTinyInputs(folder.path);
  const config = await writeTinyRun(folder.path, "run", { local: undefined });
  run = await openPodRun(folder.path, "probed");
  await run.startNats();
  await run.startCoordinator(config).printed(/"listening"/);
});
afterAll(async () => {
  await run[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

describe("fleet probe", () => {
  it("asks every link that a worker has, and changes nothing", async () => {
    const before = await run.status();

    const { code, stdout } = await fleet("probe", ...run.reach);

    const after = await run.status();
    expect(stdout).toMatch(
      /^✓ health: SERVING, at 127.*\n✓ coordinator: run probed\n✓ nats-server: policy 0, at nats:.*\n✓ leases: answered from the ledger\n$/,
    );
    expect(code).toBe(0);
    expect(after?.balances).toEqual(before?.balances);
    expect(after?.workers).toEqual([]);
  });

  it("says which link does not answer", async () => {
    const { code, stdout, stderr } = await fleet("probe", ...run.reach, "--nats", "nats://127.0.0.1:9");

    expect(stdout).toMatch(/^✓ health: .*\n✓ coordinator: .*\n$/);
    expect(stderr).toContain("nats://127.0.0.1:9");
    expect(code).not.toBe(0);
  });
});
