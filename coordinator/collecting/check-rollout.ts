import type { Completion, Rollout } from "../../proto/index.ts";
import { REWARD_RANGE } from "../../rewards/index.ts";
import { float32Array } from "../../transport/index.ts";
import type { LedgerState } from "../ledger/state.ts";

const BYTES_PER_TOKEN = 4;

/** Why a rollout cannot be taken, in words; null when it can. `finished` ones need a reward, partial ones have none. */
export function rolloutProblem(rollout: Rollout, finished: boolean): string | null {
  const { completion } = rollout;
  if (!completion) return "it has no completion";
  const isPartial = completion.finish === "FINISH_PARTIAL";
  if (completion.finish === "FINISH_UNSPECIFIED" || isPartial === finished) {
    return `it is sent as ${finished ? "finished" : "partial"} and its finish is ${completion.finish}`;
  }
  return completionProblem(completion) ?? (finished ? rewardProblem(rollout) : null);
}

/** What a rollout says of its task that the ledger does not, in words; null when all is as it says. */
export function identityProblem(state: LedgerState, { run, task, lane, instance }: Rollout): string | null {
  const live = state.tasks.get(task);
  if (run !== state.run) return `it is of run ${run}, not ${state.run}`;
  if (live === undefined) return null;
  if (lane !== live.lane) return `its task is of lane ${live.lane}, not ${lane}`;
  return instance === live.instance ? null : `its task is about ${live.instance}, not ${instance}`;
}

function completionProblem(completion: Completion): string | null {
  const { tokens, logp, logq, entropy, spans } = completion;
  if (tokens.byteLength === 0 || tokens.byteLength % BYTES_PER_TOKEN !== 0) return "it has no whole tokens";
  const lengths = [logp, entropy, ...(logq.byteLength > 0 ? [logq] : [])].map((bytes) => bytes.byteLength);
  if (lengths.some((length) => length !== tokens.byteLength)) {
    return "its log-probabilities or entropies are not one a token";
  }
  if (spans[0]?.from !== 0) return "its spans do not begin with its first token";
  return areFinite(float32Array(logp)) ? null : "a log-probability is not finite";
}

/** A loop: `every` makes an object of each number, a megabyte of them a second on a busy coordinator. */
function areFinite(values: Float32Array): boolean {
  for (const value of values) if (!Number.isFinite(value)) return false;
  return true;
}

function rewardProblem({ reward }: Rollout): string | null {
  if (!reward) return "it has no reward";
  const [least, most] = REWARD_RANGE;
  const isInRange = Number.isFinite(reward.value) && reward.value >= least && reward.value <= most;
  return isInRange ? null : `its reward ${reward.value} is not within ${least} to ${most}`;
}

/** Which policy a rollout claims that the ledger does not know, in words; null when all is as it says. */
export function policyProblem(state: LedgerState, { task, completion }: Rollout): string | null {
  const exact = state.tasks.get(task)?.version ?? null;
  for (const { policyVersion, adapter } of completion?.spans ?? []) {
    const known = state.policies[policyVersion];
    if (known === undefined) return `it was sampled by policy ${policyVersion}, which there is not yet`;
    if (known.adapter !== adapter)
      return `policy ${policyVersion} is adapter ${known.adapter}, not ${adapter}`;
    if (exact !== null && policyVersion !== exact) {
      return `its evaluation is of policy ${exact}, and it was sampled by policy ${policyVersion}`;
    }
  }
  return null;
}
