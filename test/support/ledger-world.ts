import { isDeepStrictEqual } from "node:util";
import { judgeFailure, judgeSample } from "../../coordinator/collecting/judge-sample.ts";
import {
  applyEvent,
  createPromptOrder,
  type Decision,
  emptyState,
  endLease,
  judgeLease,
  type LedgerEvent,
  type LedgerState,
  nextDecisions,
  type Prompts,
  type RunSettings,
} from "../../coordinator/index.ts";
import { lastStep } from "../../coordinator/issuing/next-tasks.ts";
import { hopelessness, isOver } from "../../coordinator/issuing/run-end.ts";
import type { Death } from "../../coordinator/ledger/events.ts";
import type { TaskRecord } from "../../coordinator/ledger/records.ts";
import { type Act, choose, openSamples } from "./ledger-acts.ts";
import { METRICS, rolloutThat } from "./ledger-history.ts";

/** Workers, a trainer and time, acting on a ledger through the coordinator's own decisions. */
export interface LedgerWorld {
  readonly state: LedgerState;
  readonly prompts: Prompts;
  /** Every training prompt that was issued, in order. */
  readonly asked: readonly string[];
  /** One act; `pick` chooses among what it may be done to. Nothing happens where there is nothing to do it to. */
  act(kind: Act, pick: number): void;
  /** Goes on without any trouble until the run is over or has no hope. */
  finish(): void;
}

const CONTEXT_TOKENS = 512;
const REWARDS = [-1, 0, 0.25, 1];

/** Creates a run of `instances` prompts. `onEvent` sees each event and the state after it. */
export function createWorld(
  settings: RunSettings,
  instances: number,
  onEvent: (event: LedgerEvent, state: LedgerState) => void,
): LedgerWorld {
  const prompts: Prompts = {
    train: Array.from({ length: instances }, (_, i) => `i${i}`),
    order: createPromptOrder(settings.seed, instances),
    heldOut: Array.from({ length: settings.evalTasks }, (_, i) => `h${i}`),
  };
  const events: LedgerEvent[] = [];
  const asked: string[] = [];
  let state = emptyState();
  let sequence = 0;

  function decideOnly(decisions: readonly Decision[]): void {
    for (const decision of decisions) {
      const event = { ...decision, at: events.length };
      applyEvent(state, event);
      events.push(event);
      if (event.type === "issued" && event.lane === "train") asked.push(event.instance);
      onEvent(event, state);
    }
  }

  function decide(...decisions: readonly Decision[]): void {
    decideOnly(decisions);
    for (let next = nextDecisions(state, prompts); next.length > 0; next = nextDecisions(state, prompts)) {
      decideOnly(next);
    }
  }

  function lease(pick: number): void {
    const task = choose([...state.tasks.values()], pick);
    if (task === undefined) return;
    const verdict = judgeLease(state, { task: task.task, dispatch: task.dispatch, worker: `w${pick % 3}` });
    if (verdict.kind === "granted") decide(verdict.decision);
  }

  function accept(pick: number, reward: number): void {
    const open = openSamples(state);
    const found = choose(open, pick);
    if (found !== undefined) acceptSample(found.task, found.sample, reward);
  }

  function acceptSample(task: TaskRecord, sample: number, reward: number): void {
    const version = task.version ?? state.leases.get(task.lease ?? "")?.version ?? state.step;
    const oldest = Math.min(version, task.samples[sample]?.prefix?.oldest ?? version);
    sequence += 1;
    const rollout = rolloutThat({ sequence, reward, oldest });
    decide({ type: "accepted", task: task.task, sample, attempt: 1, rollout });
  }

  function complete(task: TaskRecord | undefined, rewardOf: (sample: number) => number): void {
    for (const sample of task?.samples.keys() ?? []) {
      if (task?.samples[sample]?.state !== "open" || !state.tasks.has(task.task)) continue;
      acceptSample(task, sample, rewardOf(sample));
    }
  }

  /** Everything but one group, an interrupted one if there is one, is completed, and the batch that comes of it is trained. */
  function goOnWithout(pick: number): void {
    const tasks = [...state.tasks.values()];
    const left =
      tasks.find(({ samples }) => samples.some(({ prefix }) => prefix !== null)) ?? choose(tasks, pick);
    for (const task of tasks) if (task !== left) complete(task, (sample) => sample % 2);
    train("trained");
  }

  function killThree(pick: number): void {
    const name = choose([...state.tasks.values()], pick)?.task ?? "";
    for (let death = 0; death < 3; death++) {
      const dispatch = state.tasks.get(name)?.dispatch ?? 0;
      const verdict = judgeLease(state, { task: name, dispatch, worker: `k${death}` });
      if (verdict.kind !== "granted") return;
      decide(verdict.decision);
      decide(...endLease(state, verdict.decision.lease, "gone", "engine"));
    }
  }

  function deliverTwice(pick: number): void {
    const known = [
      ...[...state.closed].flatMap(([task, letters]) => [...letters].map((_, sample) => ({ task, sample }))),
      ...[...state.tasks.values()].flatMap((task) =>
        [...task.samples.keys()]
          .filter((sample) => task.samples[sample]?.state !== "open")
          .map((sample) => ({ task: task.task, sample })),
      ),
    ];
    const found = choose(known, pick);
    if (found === undefined) return;
    const outcome = judgeSample(state, found.task, found.sample);
    if (outcome !== "OUTCOME_DUPLICATE" && outcome !== "OUTCOME_CLOSED") {
      throw new Error(`sample ${found.sample} of ${found.task} would count again: ${outcome}`);
    }
  }

  function partial(pick: number): void {
    const lease = choose([...state.leases.values()], pick);
    const sample = choose([...(lease?.samples ?? [])], pick >> 4);
    if (lease === undefined || sample === undefined) return;
    const before = state.tasks.get(lease.task)?.samples[sample]?.prefix?.oldest ?? lease.version;
    sequence += 1;
    decide({ type: "partial", task: lease.task, sample, sequence, oldest: Math.min(before, lease.version) });
  }

  function fail(pick: number): void {
    const lease = choose([...state.leases.values()], pick);
    const sample = choose([...(lease?.samples ?? [])], pick >> 4);
    if (lease === undefined || sample === undefined) return;
    const errorClass = pick % 7 === 0 ? "prompt-too-long" : "reward-failed";
    const failure = {
      lease: lease.lease,
      task: lease.task,
      sample,
      errorClass,
      message: "",
      retry: pick % 3 > 0,
      contextTokens: pick % 2 === 0 ? CONTEXT_TOKENS / 2 : CONTEXT_TOKENS,
    };
    decide(...judgeFailure(state, failure, CONTEXT_TOKENS));
  }

  function end(pick: number, death: Death): void {
    const lease = choose([...state.leases.values()], pick);
    if (lease !== undefined) decide(...endLease(state, lease.lease, "gone", death));
  }

  function train(how: "trained" | "step_skipped"): void {
    const step = state.step + 1;
    if (!state.batches.has(step)) return;
    const { trainerEpoch: epoch } = state;
    if (how === "trained") decide({ type: how, step, epoch, adapter: `a${step}`, metrics: METRICS });
    else decide({ type: how, step, epoch, reason: "not finite" });
  }

  function archive(pick: number): void {
    const { archivedThrough, lastSequence } = state;
    const through = archivedThrough + (pick % (lastSequence - archivedThrough + 1));
    const rows = state.outcomes.filter((outcome) => (outcome.sequence ?? 0) <= through).length;
    const outcomes = rows === 0 ? null : { file: "", sha256: "", rows };
    decide({ type: "archived", through, orphans: 0, rollouts: null, outcomes });
  }

  function restart(): void {
    const replayed = emptyState();
    for (const event of JSON.parse(JSON.stringify(events)) as LedgerEvent[]) applyEvent(replayed, event);
    if (!isDeepStrictEqual(replayed, state)) throw new Error("a replay gives another state");
    state = replayed;
    decide({ type: "opened", epoch: state.epoch + 1 });
  }

  const acts: Record<Act, (pick: number) => void> = {
    lease,
    accept: (pick) => accept(pick, REWARDS[pick % REWARDS.length] ?? 0),
    "complete a flat group": (pick) => complete(choose([...state.tasks.values()], pick), () => 0.5),
    "go on without one group": goOnWithout,
    "leave a prefix": (pick) => {
      lease(pick);
      partial(pick);
      end(pick, pick % 2 === 0 && "engine");
    },
    "kill three workers": killThree,
    "deliver twice": deliverTwice,
    partial,
    fail,
    silence: (pick) => end(pick, "silence"),
    release: (pick) => end(pick, false),
    train: () => train("trained"),
    "skip step": () => train("step_skipped"),
    "go back": (pick) => {
      const isOpen = state.phase === "running" || state.phase === "paused";
      if (pick % 3 > 0 || !isOpen || state.step >= lastStep(state)) return;
      decide({ type: "rewound", version: state.step + 1, source: pick % (state.step + 1) });
    },
    pause: () => state.phase === "running" && decide({ type: "paused" }),
    "stop early": (pick) =>
      pick % 4 === 0 &&
      decide({ type: "stop_requested", afterStep: Math.max(state.step + 1, state.composed) }),
    resume: () => state.phase === "paused" && decide({ type: "resumed" }),
    archive,
    restart,
    "new trainer": () => decide({ type: "trainer_opened", epoch: state.trainerEpoch + 1 }),
  };

  decide(
    { type: "run_started", schema: 1, run: "r", base: "b", settings },
    { type: "opened", epoch: 1 },
    { type: "trainer_opened", epoch: 1 },
  );
  return {
    get state() {
      return state;
    },
    prompts,
    asked,
    act: (kind, pick) => acts[kind](pick),
    finish: () => {
      if (state.phase === "paused") decide({ type: "resumed" });
      for (let turn = 0; !isOver(state, prompts) && hopelessness(state, prompts) === null; turn++) {
        if (turn > 10_000) throw new Error("the run does not come to its end");
        if (state.batches.has(state.step + 1)) train("trained");
        else accept(0, turn % 2);
      }
    },
  };
}
