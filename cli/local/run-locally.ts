import { CancelledError, crashPoint, DeadlineError, pause } from "../../core/index.ts";
import type { StatusAnswer } from "../../proto/index.ts";
import { type FleetClient, openFleetClient, startNatsServer } from "../../transport/index.ts";
import { dashboardLinkOf } from "../dashboard.ts";
import { rollBack } from "../roll-back.ts";
import type { RunConfig } from "../run-config.ts";
import type { RunFolder } from "../run-folder.ts";
import { keepNatsServer } from "./kept-nats.ts";
import { recordMetricsPorts } from "./metrics-ports.ts";
import { type Exit, howItEnded } from "./role-process.ts";
import { namesOfOthers, openRoles, type Roles } from "./roles.ts";
import { readSecrets } from "./secrets.ts";
import { clientTls, ensureCertificates, serverTls } from "./tls.ts";

/** Where a run's progress goes. */
export interface RunView {
  /** One sentence about what happens outside the steps. */
  say(line: string): void;
  /** The run as it is now; called about twice a second. */
  show(status: StatusAnswer): void;
}

/** How a local run is stopped by a person. */
export interface RunSignals {
  /** First Ctrl-C: stop in order. */
  readonly stop: AbortSignal;
  /** Second Ctrl-C: end everything at once. */
  readonly abandon: AbortSignal;
}

/** What a local run is told beside its configuration. */
export interface LocalRunOptions {
  /** Path of nats-server's binary. */
  readonly natsServer: string;
  /** Whether the run was started before. */
  readonly resume: boolean;
  /** The version to go back to before anything is trained. */
  readonly fromStep?: number;
  /** Whether every process serves its metrics, on ports of its own. */
  readonly metrics?: boolean;
  readonly view: RunView;
  readonly signals: RunSignals;
}

const START_DEADLINE_MS = 60_000;
const POLL_MS = 500;

/**
 * Runs every part of a run on this machine: nats-server, coordinator, workers, updater, each a process of its own.
 * Resolves when the run has ended or was stopped in order; nothing that it started is left.
 *
 * @throws what ended the run, when a part failed in a way that starting it again does not mend
 */
export async function runLocally(
  folder: RunFolder,
  config: RunConfig,
  options: LocalRunOptions,
): Promise<"ended" | "stopped"> {
  const { natsServer, view, signals } = options;
  const { users } = await readSecrets(folder);
  await ensureCertificates(folder, config.tls);
  const tls = serverTls(folder, config.tls);
  const known = await folder.endpoints();
  const log = folder.log("nats");
  await using nats = await keepNatsServer({
    start: (port) =>
      startNatsServer({ binary: natsServer, folder: folder.nats, log, port, run: folder.id, users, tls }),
    port: known.nats?.port ?? 0,
    log,
    folder: folder.nats,
    say: (line) => view.say(line),
  });
  await folder.recordEndpoints({ nats: { url: nats.url, port: nats.port } });
  crashPoint("train.after-nats");

  const onDeath = (name: string, exit: Exit) => view.say(describeDeath(folder, name, exit));
  const metrics = options.metrics ? await recordMetricsPorts(folder, ["coordinator"]) : {};
  await using roles = openRoles(folder, config, options.resume, metrics, onDeath);
  signals.abandon.addEventListener("abort", () => roles.kill(), { once: true });

  // Without these two nothing can be handed over, and what is durable is durable: nobody has to wait.
  for (const vital of [nats.failed, roles.coordinator.ended]) vital.catch(() => roles.kill());
  const over = new AbortController();
  try {
    const stop = AbortSignal.any([signals.stop, over.signal]);
    return await Promise.race([follow(folder, config, roles, options, stop), roles.failed, nats.failed]);
  } finally {
    over.abort(new CancelledError("the run is over"));
  }
}

async function follow(
  folder: RunFolder,
  config: RunConfig,
  roles: Roles,
  { view, fromStep, metrics }: LocalRunOptions,
  stop: AbortSignal,
): Promise<"ended" | "stopped"> {
  // One that finds the run over ends again at once, maybe between two looks.
  const ended = roles.coordinator.ended.then(() => "ended" as const);
  const isOver = new AbortController();
  ended.then(
    () => isOver.abort(),
    () => {}, // Whoever races the roles' failures is told.
  );
  await using client = await whenListening(folder, config, AbortSignal.any([stop, isOver.signal]));
  if (client === null) return isOver.signal.aborted ? "ended" : "stopped";
  const link = await dashboardLinkOf(folder);
  if (link !== null) view.say(`dashboard: ${link}`);
  if (fromStep !== undefined) view.say(await rollBack(client, folder, fromStep));
  roles.startOthers(metrics ? await recordMetricsPorts(folder, namesOfOthers(config)) : {});
  const polled = poll(client, view, stop).then(() => "stopped" as const);
  return await Promise.race([ended, polled]);
}

/** Shows the run's status until `stop` aborts. */
async function poll(client: FleetClient, view: RunView, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    // A coordinator that is being started again does not answer; the next poll tries anew.
    const status = await client.status().catch(() => null);
    if (status !== null && !stop.aborted) view.show(status);
    await pause(POLL_MS, stop);
  }
}

/** Waits for the coordinator to answer; null when `stop` aborts first. */
async function whenListening(
  folder: RunFolder,
  config: RunConfig,
  stop: AbortSignal,
): Promise<FleetClient | null> {
  const { token } = await readSecrets(folder);
  const tls = await clientTls(folder, config.tls);
  const giveUpAt = performance.now() + START_DEADLINE_MS;
  while (performance.now() < giveUpAt) {
    if (stop.aborted) return null;
    const { coordinator } = await folder.endpoints();
    if (coordinator !== undefined) {
      const address = `${coordinator.host}:${coordinator.port}`;
      const client = await openFleetClient({ address, token, tls, name: "cli" });
      const answers = await client.status({ signal: stop }).then(
        () => true,
        () => false,
      );
      if (answers) return client;
      await client[Symbol.asyncDispose]();
    }
    await pause(POLL_MS / 5, stop);
  }
  throw new DeadlineError(
    `waited ${START_DEADLINE_MS} ms for the coordinator to listen: see ${folder.log("coordinator")}`,
  );
}

function describeDeath(folder: RunFolder, name: string, exit: Exit): string {
  return `${name} died (${howItEnded(exit)}${exit.lastWords === null ? "" : `: ${exit.lastWords}`}) and is started again; its log is ${folder.log(name)}`;
}
