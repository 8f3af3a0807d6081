import fc from "fast-check";
import type { Decision } from "../../coordinator/index.ts";
import { choose } from "./ledger-acts.ts";
import { accepted, batched, evalIssued, issued, leased, SETTINGS, trained } from "./ledger-history.ts";
import { type Fate, type LedgerModel, type ModelTask, stepOf } from "./ledger-model.ts";

/** A decision in the making. What it is about is chosen once the history before it is known. */
export interface Draft {
  readonly type: Decision["type"];
  /** About something that it can be about, if there is such a thing; else about anything. */
  readonly apt: boolean;
  readonly pick: number;
  readonly flag: boolean;
}

/** Frequent ones are there more than once, so that histories get somewhere. */
const TYPES: readonly Decision["type"][] = [
  ...["issued", "issued", "issued", "leased", "leased", "accepted", "accepted", "accepted"],
  ...["batched", "batched", "trained", "trained", "step_skipped", "rewound", "skipped", "evaluated"],
  ...["released", "partial", "failed", "rejected", "expired", "replaced", "refill_exhausted", "archived"],
  ...[
    "opened",
    "trainer_opened",
    "configured",
    "paused",
    "resumed",
    "stop_requested",
    "ended",
    "run_started",
  ],
] as Decision["type"][];

export const drafts: fc.Arbitrary<Draft> = fc.record({
  type: fc.constantFrom(...TYPES),
  apt: fc.nat(9).map((tenth) => tenth > 0),
  pick: fc.nat(1_000),
  flag: fc.boolean(),
});

/** The decision that a draft is after a history. */
export function decisionOf(draft: Draft, model: LedgerModel): Decision {
  const off = draft.apt ? 0 : draft.pick % 3;
  return MAKE[draft.type]({ ...draft, off, step: stepOf(model) + 1 }, model);
}

interface Making extends Draft {
  /** The step that is to end next. */
  readonly step: number;
  /** How far an inept one is beside the number that would be right. */
  readonly off: number;
}

const MAKE: Record<Decision["type"], (draft: Making, model: LedgerModel) => Decision> = {
  run_started: () => ({ type: "run_started", schema: 1, run: "r", base: "b", settings: SETTINGS }),
  opened: ({ off }, { epoch }) => ({ type: "opened", epoch: epoch + 1 + off }),
  trainer_opened: ({ off }, { trainerEpoch }) => ({ type: "trainer_opened", epoch: trainerEpoch + 1 + off }),
  configured: () => ({ type: "configured", settings: SETTINGS }),
  paused: () => ({ type: "paused" }),
  resumed: () => ({ type: "resumed" }),
  stop_requested: ({ pick }) => ({ type: "stop_requested", afterStep: pick }),
  ended: ({ flag }) => ({ type: "ended", failed: flag, reason: "" }),
  issued: issuedNext,
  replaced: replacedNext,
  leased: leasedNext,
  released: ({ apt, pick, flag }, { leases }) => {
    const lease = (apt ? choose([...leases.keys()], pick) : undefined) ?? `t${pick % 4}.${pick}`;
    return { type: "released", lease, task: "", reason: "", death: flag && "silence" };
  },
  partial: (draft, model) => ({
    type: "partial",
    ...sampleThat(model, "open", draft),
    sequence: draft.pick,
    oldest: 0,
  }),
  failed: (draft, model) => ({
    type: "failed",
    ...sampleThat(model, "open", draft),
    reason: "",
    message: "",
  }),
  accepted: (draft, model) => {
    const { task, sample } = sampleThat(model, "open", draft);
    return accepted(task, sample, { sequence: draft.pick, reward: draft.flag ? 1 : 0 });
  },
  rejected: (draft, model) => {
    const { task, sample } = sampleThat(model, "open", draft);
    const [replace, unusable] = [draft.flag, !draft.flag];
    return { type: "rejected", task, samples: [sample], reason: "x", message: "", replace, unusable };
  },
  expired: (draft, model) => {
    const { task, sample } = sampleThat(model, "open", draft);
    return { type: "expired", task, samples: [sample], reason: draft.flag ? "stale" : "run-over" };
  },
  skipped: (draft, model) => {
    const { task, sample } = sampleThat(model, "accepted", draft);
    return { type: "skipped", task, samples: [sample], reason: draft.flag ? "stale" : "no-signal" };
  },
  batched: batchNext,
  refill_exhausted: (_, { composed }) => ({ type: "refill_exhausted", step: composed + 1 }),
  trained: ({ step, off, apt, flag }, { trainerEpoch }) =>
    trained(step + off, trainerEpoch - Number(!apt && flag)),
  step_skipped: ({ step, off }, { trainerEpoch }) => ({
    type: "step_skipped",
    step: step + off,
    epoch: trainerEpoch,
    reason: "",
  }),
  rewound: ({ step, off, pick }) => ({ type: "rewound", version: step + off, source: pick % (step + off) }),
  evaluated: ({ step, off, pick }) => ({ type: "evaluated", version: pick % (step + off) }),
  dropped: ({ pick }) => ({ type: "dropped", through: pick % 3, files: [] }),
  archived: ({ apt, pick }, { archived }) => {
    const through = apt ? archived + pick : pick;
    return { type: "archived", through, orphans: 0, rollouts: null, outcomes: null };
  },
};

function issuedNext({ apt, pick, flag }: Making, model: LedgerModel): Decision {
  const number = apt ? model.tasks.size : pick % 4;
  return flag && pick % 2 === 0 ? evalIssued(stepOf(model), number) : issued(number, 1 + (pick % 3));
}

function replacedNext({ apt, pick, off }: Making, model: LedgerModel): Decision {
  const task = apt ? [...model.tasks.values()].find(({ owed }) => owed > 0) : undefined;
  const next = task?.fates.length ?? pick % 4;
  return { type: "replaced", task: task?.name ?? `t${pick % 4}`, samples: [next + off] };
}

function leasedNext({ apt, pick }: Making, model: LedgerModel): Decision {
  const held = new Set([...model.leases.values()].map(({ task }) => task));
  const free = [...model.tasks.values()].filter(
    ({ name, fates }) => !held.has(name) && fates.includes("open"),
  );
  const task = apt ? choose(free, pick) : undefined;
  const samples = task === undefined ? [pick % 3] : indexesOf(task, "open");
  const name = task?.name ?? `t${pick % 4}`;
  return leased(name, samples, `${name}.${pick}`);
}

function batchNext({ apt, pick, off }: Making, model: LedgerModel): Decision {
  const step = model.composed + 1 + off;
  const ready = [...model.tasks.values()].filter(
    (task) => task.lane === "train" && task.batch === null && task.fates.includes("accepted"),
  );
  const groups = (apt ? ready.slice(0, 1 + (pick % 2)) : []).map((task) => ({
    task: task.name,
    samples: indexesOf(task, "accepted"),
  }));
  if (groups.length === 0) return batched(step, [`t${pick % 4}`], [pick % 3]);
  return { type: "batched", step, groups };
}

/** A sample of this fate, else any. */
function sampleThat(model: LedgerModel, fate: Fate, { apt, pick }: Draft): { task: string; sample: number } {
  const found = [...model.tasks.values()].flatMap((task) =>
    indexesOf(task, fate).map((sample) => ({ task: task.name, sample })),
  );
  return (apt ? choose(found, pick) : undefined) ?? { task: `t${pick % 4}`, sample: pick % 3 };
}

function indexesOf({ fates }: ModelTask, fate: Fate): number[] {
  return [...fates.keys()].filter((index) => fates[index] === fate);
}
