import { crashPoint } from "../../core/index.ts";
import type { PolicyHeader, SkipStepRequest, StepMetrics } from "../../proto/index.ts";
import type { AdapterStore, PolicyPointer } from "../../transport/index.ts";
import { policyOf } from "../issuing/dispatcher.ts";
import type { TrainedMetrics } from "../ledger/events.ts";
import type { LedgerState } from "../ledger/state.ts";
import type { Core } from "../serving/core.ts";
import { PolicyRefusedError, RewoundError, TrainerFencedError } from "./trainer-errors.ts";

/** Versions that are kept beyond the staleness bound. */
const SPARE_VERSIONS = 2;

/** Where policies are kept. */
export interface PolicyStores {
  readonly adapters: AdapterStore;
  readonly pointer: PolicyPointer;
}

/**
 * Takes the policy that a batch made, the only acknowledgement of a batch: stores the adapter while it arrives and workers
 * read it, decides `trained`, points at it. The same policy a second time is answered as the first time.
 *
 * @throws {PolicyRefusedError | TrainerFencedError}
 */
export async function publishPolicy(
  core: Core,
  stores: PolicyStores,
  { step, epoch, adapter, size, metrics }: PolicyHeader,
  bytes: AsyncIterable<Uint8Array>,
): Promise<{ version: number }> {
  assertNotRewound(core.state, step, adapter);
  if (step <= core.state.step) return publishAgain(core, stores, step, adapter, bytes);
  assertTrains(core.state, step, epoch);
  await stores.adapters.upload(adapter, bytes, size);
  crashPoint("publish.after-store");
  assertNotRewound(core.state, step, adapter);
  assertTrains(core.state, step, epoch);
  await core.decide({ type: "trained", step, epoch, adapter, metrics: metricsOf(metrics) });
  crashPoint("publish.after-append");
  await pointAtNewest(core.state, stores.pointer);
  crashPoint("publish.after-pointer");
  await dropOldAdapters(core.state, stores.adapters);
  return { version: step };
}

/** The adapter of a version, for a trainer that has no checkpoint of it. @throws {PolicyRefusedError} when it is not kept */
export async function fetchPolicy(
  { state }: Core,
  stores: PolicyStores,
  version: number,
): Promise<{ adapter: string; bytes: Uint8Array }> {
  const adapter = state.policies[version]?.adapter ?? "";
  if (!(await stores.adapters.has(adapter))) {
    throw new PolicyRefusedError(
      `neither the trainer has a checkpoint of policy ${version}, nor is its adapter kept: go back to another one`,
    );
  }
  return { adapter, bytes: await stores.adapters.get(adapter) };
}

/** Answers a batch that the trainer cannot use: policy k is policy k − 1 again. */
export async function skipStep(
  core: Core,
  stores: PolicyStores,
  { step, epoch, reason }: SkipStepRequest,
): Promise<{ version: number }> {
  const { adapter } = policyOf(core.state, Math.min(step, core.state.step + 1) - 1);
  assertNotRewound(core.state, step, adapter);
  if (step <= core.state.step) return knownPolicy(core, stores, step, adapter);
  assertTrains(core.state, step, epoch);
  await core.decide({ type: "step_skipped", step, epoch, reason });
  crashPoint("skip.after-append");
  await pointAtNewest(core.state, stores.pointer);
  return { version: step };
}

/** Copies the ledger's newest policy to where workers look. */
export async function pointAtNewest(state: LedgerState, pointer: PolicyPointer): Promise<void> {
  await pointer.set({ ...policyOf(state, state.step), base: state.base });
}

/** A policy that is known; its adapter is stored where the ledger went back to one that is not kept any more. */
async function publishAgain(
  core: Core,
  stores: PolicyStores,
  step: number,
  adapter: string,
  bytes: AsyncIterable<Uint8Array>,
): Promise<{ version: number }> {
  if (step === core.state.step && policyOf(core.state, step).adapter === adapter) {
    await stores.adapters.put(adapter, bytes);
  }
  return knownPolicy(core, stores, step, adapter);
}

/** @throws {RewoundError} when the step made no policy but went back to another one than this */
function assertNotRewound({ steps, policies }: LedgerState, step: number, adapter: string): void {
  const source = steps.get(step)?.source ?? null;
  if (source === null || policies[step]?.adapter === adapter) return;
  throw new RewoundError(
    `policy ${step} is policy ${source} again: the batch of step ${step} is not trained`,
  );
}

async function knownPolicy(
  core: Core,
  stores: PolicyStores,
  step: number,
  adapter: string,
): Promise<{ version: number }> {
  const known = policyOf(core.state, step).adapter;
  if (known !== adapter) {
    throw new PolicyRefusedError(
      `policy ${step} is adapter ${known}; ${adapter} cannot be policy ${step} too`,
    );
  }
  await core.settled();
  await pointAtNewest(core.state, stores.pointer); // The first time may have ended before that.
  return { version: step };
}

function assertTrains(state: LedgerState, step: number, epoch: number): void {
  if (epoch !== state.trainerEpoch) {
    throw new TrainerFencedError(`trainer epoch ${state.trainerEpoch} has opened; epoch ${epoch} ends`);
  }
  if (step !== state.step + 1 || !state.batches.has(step)) {
    throw new PolicyRefusedError(`policy ${step} has no batch; the ledger is at step ${state.step}`);
  }
}

/** Deletes adapters that no sample may be made with any more. */
async function dropOldAdapters(state: LedgerState, adapters: AdapterStore): Promise<void> {
  const kept = await adapters.list(); // First: the run may go back to an old policy meanwhile.
  const oldest = state.step - state.settings.staleness - SPARE_VERSIONS;
  const needed = new Set(state.policies.slice(Math.max(0, oldest)).map((policy) => policy.adapter));
  for (const lease of state.leases.values()) needed.add(policyOf(state, lease.version).adapter);
  for (const round of state.evals.values())
    if (!round.done) needed.add(policyOf(state, round.version).adapter);
  await Promise.all(kept.filter((digest) => !needed.has(digest)).map((digest) => adapters.delete(digest)));
}

function metricsOf(metrics: StepMetrics | null | undefined): TrainedMetrics {
  if (!metrics) throw new PolicyRefusedError("a policy must come with the metrics of its step");
  const { trainedRollouts: _, ...kept } = metrics;
  return kept;
}
