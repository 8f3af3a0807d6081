import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Summary } from "../../coordinator/index.ts";
import { fleet } from "../support/fleet-command.ts";
import { writeTinyInputs, writeTinyRun } from "../support/tiny-run.ts";

const MINUTES_MS = 60_000;
/** Permission bits of a file's mode. */
const PERMISSIONS = 0o777;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fleet-mutual-"));
  await writeTinyInputs(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it(
  "a whole run over mutual TLS trains, keeps its secrets to its owner, and writes none of them into a log",
  async () => {
    const path = await writeTinyRun(folder, "mutual", { tls: { mode: "mutual" } });

    const trained = await fleet("train", path, "--runs", folder, "--run", "mutual", "--json");

    expect(trained.code, trained.stderr).toBe(0);
    expect((JSON.parse(trained.stdout) as Summary).steps).toHaveLength(2);
    const run = join(folder, "mutual");
    const endpoints = await readFile(join(run, "endpoints.json"), "utf8");
    expect(JSON.parse(endpoints).nats.url).toMatch(/^tls:/);
    const names = await readdir(join(run, "secrets"));
    expect(await modeOf(join(run, "secrets"))).toBe(0o700);
    expect(await Promise.all(names.map((name) => modeOf(join(run, "secrets", name))))).toEqual(
      names.map(() => 0o600),
    );
    const secrets = await secretsOf(run);
    const said = [trained.stdout, trained.stderr, ...(await filesOf(join(run, "logs")))].join("\n");
    expect(secrets).toHaveLength(5);
    expect(secrets.filter((secret) => said.includes(secret))).toEqual([]);
  },
  3 * MINUTES_MS,
);

/** The token, both passwords, and a line of each key. */
async function secretsOf(run: string): Promise<string[]> {
  const { token, users } = JSON.parse(await readFile(join(run, "secrets", "secrets.json"), "utf8"));
  const keys = ["server-key.pem", "client-key.pem"].map(async (name) => {
    const text = await readFile(join(run, "secrets", name), "utf8");
    return text.split("\n")[1] ?? "";
  });
  return [token, users.coordinator.password, users.worker.password, ...(await Promise.all(keys))];
}

async function filesOf(path: string): Promise<string[]> {
  const names = await readdir(path);
  return Promise.all(names.map((name) => readFile(join(path, name), "utf8")));
}

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & PERMISSIONS;
}
