/**
 * A coordinator that is started again over a real nats-server with a long ledger: how long until it answers a Lease.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { median, pause, withDeadline } from "../../core/index.ts";
import { readModelInfo } from "../../llama/index.ts";
import { freePort } from "../../test/support/bare-server.ts";
import { writeRunFolder, writeRunInputs } from "../../test/support/run-by-hand.ts";
import {
  createSnapshotStore,
  findNatsServer,
  openFleetClient,
  openNats,
  type RunSecrets,
  startNatsServer,
} from "../../transport/index.ts";
import type { Bench, Row } from "../row.ts";
import { seedLedger } from "./seed-ledger.ts";

const FLEET = fileURLToPath(new URL("../../bin/fleet.mjs", import.meta.url));
const RUN = "bench";
const HOST = "127.0.0.1";
const MESSAGES = 100_000;
/** Starts that the median is of. */
const STARTS = 3;
const START_DEADLINE_MS = 120_000;
const POLL_MS = 5;

/** Rows `restart` and `restart-snapshot`. */
export const restartBench: Bench = {
  name: "restart",
  async measure(): Promise<Row[]> {
    const folder = await mkdtemp(join(tmpdir(), "fleet-bench-"));
    try {
      return await measureIn(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function measureIn(folder: string): Promise<Row[]> {
  const inputs = await writeRunInputs(folder);
  const port = await freePort();
  const path = await writeRunFolder(folder, { ...inputs, steps: 1_000_000 }, RUN, {});
  const secrets = JSON.parse(await readFile(join(path, "secrets", "secrets.json"), "utf8")) as RunSecrets;
  const { path: binary } = await findNatsServer();
  const store = { folder: join(path, "nats"), log: join(path, "logs", "nats.log") };
  await using nats = await startNatsServer({ binary, ...store, port: 0, run: RUN, users: secrets.users });
  const endpoints = { nats: { url: nats.url, port: nats.port }, coordinator: { host: HOST, port } };
  await rm(join(path, "endpoints.json"));
  await appendFile(join(path, "endpoints.json"), JSON.stringify(endpoints));
  const { digest: base } = await readModelInfo(join(folder, "model.gguf"));
  const open = await seedLedger({
    url: nats.url,
    user: secrets.users.coordinator,
    run: RUN,
    base,
    messages: MESSAGES,
  });

  const coordinator = { path, port, token: secrets.token };
  const whole: number[] = [];
  const short: number[] = [];
  await using link = await openNats({ url: nats.url, ...secrets.users.coordinator, name: "bench" });
  const snapshots = createSnapshotStore(link, RUN);
  for (let start = 0; start < STARTS; start++) {
    await snapshots.put(new Uint8Array()); // Each start writes one: so many messages are without.
    whole.push(await firstLease(coordinator, open.shift(), "SIGKILL"));
  }
  await firstLease(coordinator, open.shift(), "SIGTERM"); // Ends in order, and leaves a snapshot.
  for (let start = 0; start < STARTS; start++)
    short.push(await firstLease(coordinator, open.shift(), "SIGKILL"));
  await assertReplayed(join(path, "logs", "coordinator.log"));
  const what = `from the start of a coordinator's process to its first Lease, ${MESSAGES.toLocaleString("en")} ledger messages`;
  return [
    { id: "restart", what, value: median(whole), unit: "s", atMost: 5 },
    { id: "restart-snapshot", what: `${what} and a snapshot`, value: median(short), unit: "s", atMost: 1 },
  ];
}

/** Starts the coordinator's process, asks for a lease as soon as it listens, and ends it. */
async function firstLease(
  { path, port, token }: { readonly path: string; readonly port: number; readonly token: string },
  task: string | undefined,
  end: NodeJS.Signals,
): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(
    process.execPath,
    [FLEET, "coordinator", "--config", join(path, "run.yaml"), "--resume"],
    {
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  child.stderr.on("data", (lines: Buffer) => void appendFile(join(path, "logs", "coordinator.log"), lines));
  await withDeadline("the coordinator to listen", START_DEADLINE_MS, untilListening(port, child));
  await using client = openFleetClient({ address: `${HOST}:${port}`, token, name: "bench" });
  const lease = { run: RUN, task: task ?? "", dispatch: 0, worker: "bench", variant: "base" };
  const { granted } = await client.lease(lease);
  const seconds = (performance.now() - startedAt) / 1_000;
  const exited = once(child, "exit");
  child.kill(end);
  await withDeadline("the coordinator to end", START_DEADLINE_MS, exited);
  if (!granted) throw new Error(`the lease of ${task} was not granted`);
  return seconds;
}

async function untilListening(port: number, child: ChildProcess): Promise<void> {
  while (!(await accepts(port))) {
    if (child.exitCode !== null) throw new Error(`the coordinator ended with exit code ${child.exitCode}`);
    await pause(POLL_MS);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: HOST, port });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
}

/** The figures are of what they say: first whole replays, then replays from the snapshot. */
async function assertReplayed(log: string): Promise<void> {
  const lines = (await readFile(log, "utf8"))
    .split("\n")
    .filter((line) => line.includes('"ledger replayed"'));
  const from = lines.map((line) => (JSON.parse(line) as { from: number }).from);
  const isRight = from.every((sequence, start) => (start < STARTS ? sequence === 0 : sequence >= MESSAGES));
  if (from.length !== 2 * STARTS + 1 || !isRight) throw new Error(`replays began at ${from.join(", ")}`);
}
