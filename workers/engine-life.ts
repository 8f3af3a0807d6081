import type { Engine, EngineStatus } from "../llama/index.ts";
import { type Logger, type Metrics, readTraceparent, type Telemetry } from "../telemetry/index.ts";
import type { WorkerPresence } from "../transport/index.ts";
import { createAdapterShelf } from "./adapter-shelf.ts";
import type { WorkerConfig } from "./config.ts";
import { followPolicies } from "./follow-policies.ts";
import { followUploads } from "./follow-uploads.ts";
import { type Delivery, handleTask, type Outcome } from "./handle-task.ts";
import { createHeldSpans } from "./held-spans.ts";
import { runIntake } from "./intake.ts";
import type { WorkerLinks } from "./links.ts";
import type { WorkerObserver } from "./observe-worker.ts";
import { createPolicyGate } from "./policy-gate.ts";
import { tracePolicies } from "./policy-trace.ts";
import { announcePresence } from "./presence.ts";
import type { Room } from "./room.ts";
import { type ServeGroupDeps, serveGroup } from "./serve-group.ts";

/** What an engine works for. */
export interface EngineLifeOptions {
  readonly links: WorkerLinks;
  readonly room: Room;
  readonly run: string;
  readonly config: WorkerConfig;
  readonly name: string;
  readonly slots: number;
  /** The base that is loaded. */
  readonly variant: string;
  /** Which pool of workers it is of. */
  readonly pool: string;
  /** SHA-256 of the run's base, in hex. */
  readonly base: string;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
  readonly observer: Pick<WorkerObserver, "status">;
}

/** Delay before a task that failed on infrastructure is delivered again. */
const RETRY_DELAY_MS = 1_000;

/**
 * Works with one engine from its opening until `stop` aborts and everything taken is settled.
 *
 * @throws what ended the engine, once its leases are released; what is fatal at once
 */
export async function runEngineLife(
  engine: Engine,
  options: EngineLifeOptions,
  stop: AbortSignal,
): Promise<void> {
  const { links, config, logger, telemetry } = options;
  const { health, metrics } = telemetry;
  health.lacks("policy", "no policy is loaded yet");
  health.started();
  const dead = new AbortController();
  const over = new AbortController();
  const beside = AbortSignal.any([dead.signal, over.signal]);
  void engine.failed.then((error) => dead.abort(error));

  const policyTrace = tracePolicies(telemetry.traces, options.run, options.name);
  const shelf = createAdapterShelf(engine, links.fetchAdapter, (phase, seconds, adapter) => {
    metrics.record("fleet.worker.policy.seconds", seconds, { phase });
    policyTrace.prepared(adapter, phase, seconds);
  });
  const gate = createPolicyGate({
    engine,
    shelf,
    onPolicyUpdate: config.onPolicyUpdate,
    waitMs: config.policyWaitMs,
    logger,
    onLoaded: () => health.lacks("policy", null),
    onActive: (policy, orderedMs) => {
      health.lacks("policy", null);
      policyTrace.active(policy, orderedMs);
    },
  });
  const loops = [
    followPolicies(
      {
        source: links.policies,
        base: options.base,
        pollMs: config.policyPollMs,
        follow: gate.follow,
        logger,
      },
      beside,
    ),
    followUploads(
      { source: links.uploads, expect: gate.expect, retryMs: config.policyPollMs, logger },
      beside,
    ),
    announcePresence(presenceOf(engine, options, stop), beside),
  ].map((loop) => loop.catch((error: unknown) => dead.abort(error)));

  const deps: ServeGroupDeps = {
    engine,
    gate,
    room: options.room,
    collector: links.collector,
    rewards: links.rewards,
    fetchReference: links.fetchReference,
    origin: { worker: options.name, device: engine.device, variant: options.variant },
    stop,
    dead: dead.signal,
    logger,
    metrics: telemetry.metrics,
    tracing: { traces: telemetry.traces, held: createHeldSpans(telemetry.traces) },
  };
  try {
    await runIntake(
      {
        room: options.room.free,
        pull: links.pull,
        handle: (delivery, admitted) =>
          handle(delivery, admitted, links, deps, metrics).catch((error: unknown) => {
            dead.abort(error); // The other groups are released rather than finished.
            throw error;
          }),
        logger,
      },
      AbortSignal.any([stop, dead.signal]),
    );
  } finally {
    over.abort();
    await Promise.all(loops);
  }
  dead.signal.throwIfAborted();
}

function handle(
  delivery: Delivery,
  admitted: () => void,
  links: WorkerLinks,
  deps: ServeGroupDeps,
  metrics: Metrics,
): Promise<Outcome> {
  const handled = handleTask(delivery, {
    lease: (address) => links.lease(address, delivery.traceparent),
    serve: async (granted, address) => {
      using lease = links.collector.hold(granted.lease, granted.termMs);
      const trace = readTraceparent(delivery.traceparent);
      return await serveGroup({ address, body: delivery.data, granted, lease, trace }, deps, admitted);
    },
    retryDelayMs: RETRY_DELAY_MS,
    logger: deps.logger,
  });
  return handled.then((outcome) => {
    metrics.add("fleet.worker.tasks", 1, { outcome });
    return outcome;
  });
}

function presenceOf(
  engine: Engine,
  { links, config, name, pool, slots, variant, logger, telemetry, observer }: EngineLifeOptions,
  draining: AbortSignal,
) {
  const { digest, quantization } = engine.model;
  const { device } = engine;
  return {
    fixed: { name, pool, device, modelDigest: digest, quantization, variant, slots },
    engine,
    announce: (presence: WorkerPresence) => announce(links, presence, telemetry),
    onStatus: (status: EngineStatus) => observer.status(status, device),
    intervalMs: config.presenceMs,
    draining,
    logger,
  };
}

/** An announcement goes to nats-server and back, so that it tells whether the link is there. */
async function announce(
  links: Pick<WorkerLinks, "announce">,
  presence: WorkerPresence,
  { health }: Telemetry,
): Promise<void> {
  try {
    await links.announce(presence);
    health.lacks("nats", null);
  } catch (error) {
    health.lacks("nats", "nats-server does not answer");
    throw error;
  }
}
