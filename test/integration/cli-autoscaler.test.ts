import { writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { freePort } from "../support/bare-server.ts";
import { fleet, startFleet } from "../support/fleet-command.ts";
import { TOKEN } from "../support/fleet-over-grpc.ts";
import { openTemporaryFolder } from "../support/temporary-folder.ts";

const NOBODY = "127.0.0.1:1";

/** What it cannot do without, with nobody behind it. */
async function neededIn(token: string): Promise<string[]> {
  await writeFile(token, TOKEN);
  return [
    ...["autoscaler", "--join", NOBODY, "--token-file", token],
    ...["--namespace", "runs", "--release", "my-run"],
  ];
}

describe("fleet autoscaler", { timeout: 30_000 }, () => {
  it("says what it lacks where there is no cluster, and which pool it cannot read", async () => {
    await using folder = await openTemporaryFolder();
    const needed = await neededIn(folder.file("token"));

    const lacking = await fleet(...needed, "--kubeconfig", folder.file("none"));
    const wrong = await fleet(...needed, "--pool", "spot");

    expect([lacking.code, wrong.code]).toEqual([2, 2]);
    expect(lacking.stderr).toMatch(/none cannot be used: ENOENT/);
    expect(wrong.stderr).toContain('"spot" is not NAME=DEPLOYMENT');
  });

  it("answers probes and metrics while it lives, and says there that the pools are not sized", async () => {
    await using folder = await openTemporaryFolder();
    const needed = await neededIn(folder.file("token"));
    const kubeconfig = folder.file("kubeconfig");
    const cluster = { name: "c", cluster: { server: `https://${NOBODY}` } };
    const context = { name: "c", context: { cluster: "c", user: "u" } };
    const rest = { contexts: [context], users: [{ name: "u", user: {} }], "current-context": "c" };
    await writeFile(kubeconfig, JSON.stringify({ clusters: [cluster], ...rest }));
    const served = `127.0.0.1:${await freePort()}`;

    const command = startFleet(...needed, "--kubeconfig", kubeconfig, "--metrics", served);
    const ask = async (path: string) => {
      const answer = await fetch(`http://${served}${path}`).catch(() => null);
      return answer && { status: answer.status, text: await answer.text() };
    };
    await expect
      .poll(() => ask("/readyz"), { timeout: 20_000 })
      .toMatchObject({
        status: 503,
        text: expect.stringContaining("not sized"),
      });
    const [live, metrics] = [await ask("/livez"), await ask("/metrics")];
    command.process.kill("SIGTERM");

    expect(live?.status).toBe(200);
    expect(metrics?.text).toMatch(/fleet_process_ready\{[^}]*fleet_run="my-run"[^}]*\} 0/);
    expect((await command.result).code).toBe(0);
  });
});
