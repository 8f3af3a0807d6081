import type { Decision } from "../../coordinator/index.ts";
import type { EventOf, Lane } from "../../coordinator/ledger/events.ts";

/** What became of a sample. */
export type Fate =
  | "open"
  | "accepted"
  | "batched"
  | "trained"
  | "skipped"
  | "evaluated"
  | "rejected"
  | "expired";

/** A task as the model knows it. */
export interface ModelTask {
  readonly name: string;
  readonly lane: Lane;
  readonly version: number | null;
  /** Samples it was issued with, and as many replacements at most. */
  readonly group: number;
  /** By sample index. */
  readonly fates: Fate[];
  owed: number;
  replaced: number;
  batch: number | null;
}

/**
 * What DESIGN.md's sections 4 and 5 say of the ledger, told without the fold: every sample has one fate, every task at
 * most one lease, every step one batch and one policy.
 */
export interface LedgerModel {
  phase: "running" | "paused" | "ended" | "failed";
  readonly tasks: Map<string, ModelTask>;
  /** Samples that a live lease still waits for. */
  readonly leases: Map<string, { readonly task: string; readonly samples: Set<number> }>;
  readonly batches: Map<number, EventOf<"batched">["groups"]>;
  /** Adapters by version. */
  readonly policies: string[];
  readonly evaluated: Set<number>;
  composed: number;
  epoch: number;
  trainerEpoch: number;
  archived: number;
}

/** A run that has started, with one coordinator and one trainer. */
export function createModel(): LedgerModel {
  return {
    phase: "running",
    tasks: new Map(),
    leases: new Map(),
    batches: new Map(),
    policies: [""],
    evaluated: new Set(),
    composed: 0,
    epoch: 1,
    trainerEpoch: 1,
    archived: 0,
  };
}

/** The newest version; its step is over. */
export function stepOf(model: LedgerModel): number {
  return model.policies.length - 1;
}

/** Samples of a lane that have one of these fates. */
export function countOf(model: LedgerModel, lane: Lane, ...fates: readonly Fate[]): number {
  const ofLane = [...model.tasks.values()].filter((task) => task.lane === lane);
  return ofLane.flatMap((task) => task.fates).filter((fate) => fates.includes(fate)).length;
}

/** Whether a decision may follow; when it may, it is done. */
export function decideInModel(model: LedgerModel, decision: Decision): boolean {
  const rule = RULES[decision.type] as (model: LedgerModel, decision: Decision) => (() => void) | null;
  const effect = rule(model, decision);
  effect?.();
  return effect !== null;
}

/** For each type what it does, or null where it may not follow. */
type Rules = {
  readonly [Type in Decision["type"]]: (
    model: LedgerModel,
    event: Extract<Decision, { type: Type }>,
  ) => (() => void) | null;
};

const RULES: Rules = {
  run_started: () => null,
  opened: (model, { epoch }) => when(epoch === model.epoch + 1, () => (model.epoch = epoch)),
  trainer_opened: (model, { epoch }) =>
    when(epoch === model.trainerEpoch + 1, () => (model.trainerEpoch = epoch)),
  configured: (model) => () => {
    if (model.phase !== "paused") model.phase = "running";
  },
  paused: (model) => when(model.phase === "running", () => (model.phase = "paused")),
  resumed: (model) => when(model.phase === "paused", () => (model.phase = "running")),
  stop_requested: () => () => {},
  ended: (model, { failed }) =>
    when(model.phase === "running" || model.phase === "paused", () => {
      model.phase = failed ? "failed" : "ended";
    }),
  issued: (model, { task: name, lane, version, samples: group }) =>
    when(!model.tasks.has(name), () => {
      const fates = Array.from({ length: group }, (): Fate => "open");
      model.tasks.set(name, { name, lane, version, group, fates, owed: 0, replaced: 0, batch: null });
    }),
  replaced: (model, { task: name, samples }) => {
    const task = model.tasks.get(name);
    const areNext = samples.every((sample, i) => sample === (task?.fates.length ?? 0) + i);
    return when(task !== undefined && samples.length <= task.owed && areNext, () => {
      for (const _ of samples) task?.fates.push("open");
      if (task === undefined) return;
      task.owed -= samples.length;
      task.replaced += samples.length;
    });
  },
  leased: (model, { lease, task, samples }) => {
    const isHeld = [...model.leases.values()].some((held) => held.task === task);
    return when(!isHeld && areAll(model, task, samples, "open"), () =>
      model.leases.set(lease, { task, samples: new Set(samples) }),
    );
  },
  released: (model, { lease }) => when(model.leases.has(lease), () => model.leases.delete(lease)),
  partial: (model, { task, sample }) => when(areAll(model, task, [sample], "open"), () => {}),
  failed: (model, { task, sample }) =>
    when(areAll(model, task, [sample], "open"), () => leaveLease(model, task, [sample])),
  accepted: (model, { task, sample }) => close(model, task, [sample], "accepted", false),
  rejected: (model, { task, samples, replace }) => close(model, task, samples, "rejected", replace),
  expired: (model, { task, samples, reason }) => close(model, task, samples, "expired", reason === "stale"),
  skipped: (model, { task, samples, reason }) => {
    const known = model.tasks.get(task);
    const isFree = known?.lane === "train" && known.batch === null;
    return when(isFree && areAll(model, task, samples, "accepted"), () => {
      setFates(model, task, samples, "skipped");
      if (known !== undefined && reason !== "stale") known.owed = 0;
    });
  },
  batched: (model, { step, groups }) => {
    const areFree = groups.every(({ task, samples }) => {
      const known = model.tasks.get(task);
      return known?.lane === "train" && known.batch === null && areAll(model, task, samples, "accepted");
    });
    return when(step === model.composed + 1 && areFree, () => {
      model.composed = step;
      model.batches.set(step, groups);
      for (const { task, samples } of groups) {
        setFates(model, task, samples, "batched");
        Object.assign(model.tasks.get(task) ?? {}, { batch: step, owed: 0 });
      }
    });
  },
  refill_exhausted: () => () => {},
  trained: (model, { step, epoch, adapter }) => endStep(model, step, epoch, "trained", adapter),
  step_skipped: (model, { step, epoch }) =>
    endStep(model, step, epoch, "skipped", model.policies.at(-1) ?? ""),
  rewound: (model, { version, source }) =>
    when(version === model.policies.length && source < version, () => {
      for (const groups of model.batches.values()) settleBatch(model, groups, "skipped");
      model.batches.clear();
      model.policies.push(model.policies[source] ?? "");
      model.composed = version;
    }),
  evaluated: (model, { version }) => {
    const tasks = [...model.tasks.values()].filter(
      (task) => task.lane === "eval" && task.version === version,
    );
    const areOver = tasks.every((task) => task.owed === 0 && !task.fates.includes("open"));
    return when(tasks.length > 0 && areOver && !model.evaluated.has(version), () => {
      model.evaluated.add(version);
      for (const { name, fates } of tasks) {
        setFates(
          model,
          name,
          [...fates.keys()].filter((i) => fates[i] === "accepted"),
          "evaluated",
        );
      }
    });
  },
  dropped: () => null, // What may be dropped depends on sequences, which the model does not know.
  archived: (model, { through }) => when(through >= model.archived, () => (model.archived = through)),
};

function when(holds: boolean, effect: () => unknown): (() => void) | null {
  return holds ? () => void effect() : null;
}

function areAll(model: LedgerModel, task: string, samples: readonly number[], fate: Fate): boolean {
  return samples.every((sample) => model.tasks.get(task)?.fates[sample] === fate);
}

function setFates(model: LedgerModel, task: string, samples: readonly number[], fate: Fate): void {
  for (const sample of samples) model.tasks.get(task)?.fates.splice(sample, 1, fate);
}

/** Open samples come to their end, or wait to be used. */
function close(model: LedgerModel, task: string, samples: readonly number[], fate: Fate, replace: boolean) {
  return when(areAll(model, task, samples, "open"), () => {
    const known = model.tasks.get(task);
    if (replace && known !== undefined) {
      known.owed += Math.min(samples.length, known.group - known.replaced - known.owed);
    }
    setFates(model, task, samples, fate);
    leaveLease(model, task, samples);
  });
}

function leaveLease(model: LedgerModel, task: string, samples: readonly number[]): void {
  for (const [name, lease] of model.leases) {
    if (lease.task !== task) continue;
    for (const sample of samples) lease.samples.delete(sample);
    if (lease.samples.size === 0) model.leases.delete(name);
  }
}

function endStep(model: LedgerModel, step: number, epoch: number, fate: Fate, adapter: string) {
  const groups = model.batches.get(step);
  const isNext = step === model.policies.length && epoch === model.trainerEpoch;
  return when(groups !== undefined && isNext, () => {
    settleBatch(model, groups ?? [], fate);
    model.batches.delete(step);
    model.policies.push(adapter);
  });
}

function settleBatch(model: LedgerModel, groups: EventOf<"batched">["groups"], fate: Fate): void {
  for (const { task, samples } of groups) setFates(model, task, samples, fate);
}
