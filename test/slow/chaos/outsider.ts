import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pause, withDeadline } from "../../../core/index.ts";
import { type FleetCommand, startFleet } from "../../support/fleet-command.ts";
import { openProxy, type TcpProxy } from "../../support/proxy.ts";
import type { LinkName } from "./schedule.ts";

/** A worker that joins a run from outside, through proxies, and comes again whenever it has ended. */
export interface Outsider extends AsyncDisposable {
  /** Bytes on these links vanish for a while; connections that lost some are reset then. */
  part(link: LinkName, ms: number): Promise<void>;
}

const LOOK_MS = 200;
const COME_AGAIN_MS = 500;
const END_MS = 20_000;

/**
 * Starts the outsider as soon as the run's processes have their ports.
 *
 * @param run - path of the run's folder
 */
export function startOutsider(run: string): Outsider {
  const over = new AbortController();
  let proxies: Record<"coordinator" | "nats-server", TcpProxy> | null = null;
  let worker: FleetCommand | null = null;

  async function live(): Promise<void> {
    await using open = new AsyncDisposableStack();
    const ports = await portsOf(run, over.signal);
    if (ports === null) return;
    const coordinator = open.use(await openProxy(ports.coordinator));
    const nats = open.use(await openProxy(ports.nats));
    proxies = { coordinator, "nats-server": nats };
    while (!over.signal.aborted) {
      worker = startFleet(
        ...["worker", "--config", join(run, "run.yaml"), "--name", "outsider"],
        ...["--coordinator", `127.0.0.1:${coordinator.port}`, "--nats", `nats://127.0.0.1:${nats.port}`],
      );
      if (over.signal.aborted) worker.process.kill("SIGKILL");
      await worker.result;
      await pause(COME_AGAIN_MS, over.signal);
    }
  }

  const living = live();
  living.catch(() => {}); // Whoever disposes of it is told.
  return {
    part: async (link, ms) => {
      if (proxies === null) return;
      const parted = link === "both" ? Object.values(proxies) : [proxies[link]];
      for (const proxy of parted) proxy.partition();
      await pause(ms, over.signal);
      for (const proxy of parted) proxy.heal();
    },
    [Symbol.asyncDispose]: async () => {
      over.abort();
      worker?.process.kill("SIGKILL");
      await withDeadline("the outsider to end", END_MS, living);
    },
  };
}

/** Where the run's coordinator and nats-server listen; null when `signal` aborts first. */
async function portsOf(
  run: string,
  signal: AbortSignal,
): Promise<{ coordinator: number; nats: number } | null> {
  while (!signal.aborted) {
    const text = await readFile(join(run, "endpoints.json"), "utf8").catch(() => "{}");
    const { coordinator, nats } = JSON.parse(text) as Record<string, { port: number } | undefined>;
    if (coordinator !== undefined && nats !== undefined)
      return { coordinator: coordinator.port, nats: nats.port };
    await pause(LOOK_MS, signal);
  }
  return null;
}

/** A coordinator beside the one that a run has, for a while; resolves with how it ended. */
export async function startSecondCoordinator(run: string, ms: number): Promise<string> {
  const second = startFleet("coordinator", "--config", join(run, "run.yaml"), "--resume");
  const ended = second.result.then(({ code }) =>
    code === null ? "was killed" : `ended with exit code ${code}`,
  );
  const late = new AbortController();
  void pause(ms, late.signal).then(() => second.process.kill("SIGKILL"));
  const how = await ended;
  late.abort();
  return how;
}
