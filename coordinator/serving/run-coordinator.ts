/**
 * The coordinator of one run: opens its ledger, serves workers and the trainer, decides, and ends when everything is
 * trained, evaluated and archived.
 *
 * @module
 */
import { crashPoint, type Shutdown, systemClock } from "../../core/index.ts";
import { noTelemetry } from "../../telemetry/index.ts";
import {
  assertPortFree,
  serveExternalScaler,
  serveFleet,
  type WorkerPresence,
} from "../../transport/index.ts";
import { openArchive } from "../archive/archive.ts";
import { type Archiver, createArchiver } from "../archive/archiver.ts";
import { createArchiveBudget } from "../archive/keep-within.ts";
import { pointAtNewest } from "../batching/publish-policy.ts";
import { openLiveDashboard } from "../dashboard/open-live-dashboard.ts";
import { assertInstancesThere, createDispatcher, type Dispatcher } from "../issuing/dispatcher.ts";
import { type RunPrompts, readPrompts } from "../issuing/read-prompts.ts";
import { openPromptRenderer } from "../issuing/render-prompt.ts";
import { createLeaseTerms } from "../leasing/lease-terms.ts";
import { LedgerUnwritableError } from "../ledger/append-once.ts";
import { type Ledger, openLedger } from "../ledger/ledger.ts";
import { observeRun, type RunObserver } from "../observing/observe-run.ts";
import { createScaler, type Scaler } from "../scaling/scaler.ts";
import { createSummaryWriter } from "../summary/summary-writer.ts";
import { type RunTracer, traceRun } from "../tracing/trace-run.ts";
import { openChores } from "./chores.ts";
import { concludeRun, type Outcome } from "./conclude-run.ts";
import { type Core, createCore } from "./core.ts";
import { assertNothingLost, createStorageGuard } from "./guard-storage.ts";
import { createHandlers } from "./handlers.ts";
import { createRoomMaker } from "./make-room.ts";
import { openingDecisions, RunFailedError } from "./open-run.ts";
import { openStores, type RunStores } from "./open-stores.ts";
import { type CoordinatorOptions, settingsOf } from "./options.ts";
import { beginChores, beginLooks } from "./run-chores.ts";
import type { StorageTrouble } from "./storage-trouble.ts";
import { aborted, untilOver } from "./until-over.ts";

/** Signs of life that fit into `ack_wait`; a lease's term is one short of it. */
const BEATS = 6;

/**
 * Runs a coordinator. Resolves when the run has ended, or after `shutdown.stop` once what is decided is durable and
 * archived; everything opened here is then closed.
 *
 * @throws {RunRefusedError | RunFailedError | UnusableDatasetError | PromptTemplateError} what a person has to set right
 * @throws {FencedError} when another coordinator has taken over
 */
export async function runCoordinator(options: CoordinatorOptions, shutdown: Shutdown): Promise<void> {
  const { run, logger, leases, storage, nats } = options;
  const asked = await readPrompts(options);
  for (const badLine of asked.badLines) logger.warn("line of the dataset left out", { ...badLine });
  const user = nats.users.coordinator;
  const { url, tls = null } = nats;
  const { telemetry = noTelemetry } = options;
  const observer = observeRun(telemetry.metrics);
  const tracer = traceRun(run, telemetry.traces);
  // A second coordinator of this host ends here, before it takes the run over from the one that serves it.
  await assertPortFree(options.listen.host, options.listen.port);
  await using stores = await openStores({
    run,
    url,
    tls,
    user,
    ackWaitMs: leases.ackWaitMs,
    storage,
    logger,
  });
  crashPoint("open.after-streams");
  const ledger = await openLedger(stores.log, systemClock, {
    onTrouble: (why) => stores.trouble.tell("the ledger", why),
    snapshots: stores.snapshots,
    logger,
    onDecided: (state, event) => {
      observer.decided(state, event);
      tracer.decided(state, event);
    },
  });
  tracer.begin(ledger.state);
  await assertNothingLost(ledger.state, stores, run);
  const dispatcher = await openDispatcher(options, stores, asked, tracer);
  const core = await openCore({ options, ledger, dispatcher, asked, tracer, trouble: stores.trouble });
  crashPoint("open.after-append");
  await pointAtNewest(core.state, stores.policies.pointer);
  crashPoint("open.after-pointer");
  await using archive = await openArchive(options.archive, {
    through: core.state.archivedThrough,
    outcomes: core.state.archivedOutcomes,
    dropped: core.state.droppedThrough,
  });
  const archiver = createArchiver({ core, store: stores.rollouts, archive, instances: asked.instances });
  const keepWithin = createArchiveBudget({ core, archive, mostMiB: storage.archiveMiB, logger });
  const summary = createSummaryWriter(options.summary, core);

  const conclude = (outcome: Outcome) =>
    concludeRun(outcome, { core, ledger, archiver, archive: options.archive, keepWithin, summary });
  const outcome = await serveUntilOver({
    options,
    stores,
    ledger,
    dispatcher,
    core,
    archiver,
    keepWithin,
    shutdown,
    summary,
    conclude,
    instances: asked.instances,
    observer,
  });
  await conclude(outcome);
  logger.info("over", outcome === "stopped" ? { outcome } : { ...outcome });
  if (outcome !== "stopped" && outcome.failed && !shutdown.stop.aborted)
    throw new RunFailedError(outcome.reason);
}

interface Serving {
  readonly options: CoordinatorOptions;
  readonly stores: RunStores;
  readonly ledger: Ledger;
  readonly dispatcher: Dispatcher;
  readonly core: Core;
  readonly archiver: Archiver;
  readonly keepWithin: () => Promise<void>;
  readonly summary: ReturnType<typeof createSummaryWriter>;
  readonly shutdown: Shutdown;
  readonly conclude: (outcome: Outcome) => Promise<void>;
  readonly instances: RunPrompts["instances"];
  readonly observer: RunObserver;
}

async function serveUntilOver(serving: Serving): Promise<Outcome> {
  const { options, stores, ledger, core, shutdown, observer } = serving;
  const { logger, nats, listen, runJson } = options;
  let present: readonly WorkerPresence[] = [];
  const scaler = scalerOf(options, core);
  await using chores = openChores(logger);
  await using looks = openChores(logger);
  const handlers = createHandlers({
    core,
    store: stores.rollouts,
    policies: stores.policies,
    termMs: termOf(options),
    nats: { url: nats.advertisedUrl ?? nats.url, ...nats.users.worker },
    runJson,
    scaler,
    workers: () => present,
  });
  const onUnexpected = (error: unknown) => logger.error("call failed", { error });
  await using dashboard = await openLiveDashboard(options.dashboard ?? null, { ...serving, ...options });
  await using server = await serveFleet({ ...listen, handlers, onUnexpected });
  await using _scaler =
    options.scaler && (await serveExternalScaler({ ...options.scaler, replicas: scaler.replicas }));
  observer.serve(core, () => present);
  await options.onListening(server.port);
  options.telemetry?.health.started();
  logger.info("listening", { run: options.run, port: server.port, step: core.state.step });
  const guard = createStorageGuard({ ...serving, logger });
  const room = createRoomMaker({ ...serving, mostMiB: options.storage.rolloutsMiB });
  beginChores(chores, { ...serving, guard, room });
  beginLooks(looks, stores.presence, (workers) => {
    present = workers;
    scaler.look(workers, systemClock.wallMs());
    dashboard.see(workers);
    observer.see(workers);
  });
  await core.advance();
  const left = new AbortController(); // Whoever loses the race must not go on to wait.
  const outcome = await Promise.race([
    untilOver(core, AbortSignal.any([shutdown.stop, left.signal])),
    untilUnwritable(ledger),
    guard.failed,
    room.failed,
  ]).finally(() => left.abort());
  if (outcome === "stopped") return outcome;
  await chores[Symbol.asyncDispose](); // The archive is written by one at a time.
  await serving.conclude(outcome);
  if (options.staysUp) {
    logger.info("the run is over; answering until stopped", { ...outcome });
    await aborted(shutdown.stop);
  } else await dashboard.lastLook(shutdown.stop);
  return outcome;
}

function scalerOf({ scaling: config, sampling }: CoordinatorOptions, { state, prompts }: Core): Scaler {
  return createScaler({ config, state, heldOut: prompts.heldOut.length, maxTokens: sampling.maxTokens });
}

/** Storage that stays away is for a person to set right. */
async function untilUnwritable({ failed }: Ledger): Promise<never> {
  return failed.catch((error: unknown) => {
    if (!(error instanceof LedgerUnwritableError)) throw error;
    throw new RunFailedError(error.message, { cause: error });
  });
}

async function openDispatcher(
  { dataset, sampling, reward }: CoordinatorOptions,
  stores: RunStores,
  { instances }: RunPrompts,
  { traceparentOf }: RunTracer,
): Promise<Dispatcher> {
  const render = await openPromptRenderer(dataset.prompt);
  return createDispatcher({ ...stores, render, instances, sampling, reward, traceparentOf });
}

/** What a core is opened from. */
interface CoreSources {
  readonly options: CoordinatorOptions;
  readonly ledger: Ledger;
  readonly dispatcher: Dispatcher;
  readonly asked: RunPrompts;
  readonly tracer: RunTracer;
  readonly trouble: StorageTrouble;
}

async function openCore({ options, ledger, dispatcher, asked, tracer, trouble }: CoreSources): Promise<Core> {
  const { prompts, instances } = asked;
  const { logger, contextTokens } = options;
  const opening = openingDecisions(ledger.state, { ...options, settings: settingsOf(options) });
  assertInstancesThere(ledger.state, instances);
  await ledger.decide(...opening);
  const terms = createLeaseTerms(systemClock, termOf(options));
  for (const lease of ledger.state.leases.keys()) terms.renew(lease);
  const { keeps: keepsTrace } = tracer;
  return createCore({ ledger, dispatcher, terms, prompts, trouble, contextTokens, logger, keepsTrace });
}

function termOf({ leases }: CoordinatorOptions): number {
  return (leases.ackWaitMs * (BEATS - 1)) / BEATS;
}
