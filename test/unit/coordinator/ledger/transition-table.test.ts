import { describe, expect, it } from "vitest";
import {
  type Decision,
  emptyState,
  IllegalTransitionError,
  type LedgerState,
} from "../../../../coordinator/index.ts";
import {
  type RunPhase,
  SAMPLE_TRANSITIONS,
  type SampleState,
} from "../../../../coordinator/ledger/transitions.ts";
import {
  accepted,
  batched,
  decide,
  issued,
  leased,
  runThat,
  SETTINGS,
  trained,
} from "../../../support/ledger-history.ts";

type EventType = Decision["type"];

/** One event of every type that is about sample 0 of task t0, or about the run, and as right as it can be. */
const EVENTS: { readonly [Type in EventType]: (state: LedgerState) => Decision & { type: Type } } = {
  run_started: () => ({ type: "run_started", schema: 1, run: "r", base: "b", settings: SETTINGS }),
  opened: ({ epoch }) => ({ type: "opened", epoch: epoch + 1 }),
  trainer_opened: ({ trainerEpoch }) => ({ type: "trainer_opened", epoch: trainerEpoch + 1 }),
  configured: () => ({ type: "configured", settings: SETTINGS }),
  paused: () => ({ type: "paused" }),
  resumed: () => ({ type: "resumed" }),
  stop_requested: () => ({ type: "stop_requested", afterStep: 3 }),
  issued: () => issued(0) as Decision & { type: "issued" },
  replaced: () => ({ type: "replaced", task: "t0", samples: [2] }),
  leased: () => leased("t0", [0]) as Decision & { type: "leased" },
  released: () => ({ type: "released", lease: "t0.0", task: "t0", reason: "", death: false }),
  partial: () => ({ type: "partial", task: "t0", sample: 0, sequence: 9, oldest: 0 }),
  failed: () => ({ type: "failed", task: "t0", sample: 0, reason: "", message: "" }),
  accepted: () => accepted("t0", 0) as Decision & { type: "accepted" },
  rejected: () => rejected,
  expired: () => expired,
  batched: ({ composed }) => batched(composed + 1, ["t0"], [0]) as Decision & { type: "batched" },
  refill_exhausted: ({ composed }) => ({ type: "refill_exhausted", step: composed + 1 }),
  trained: ({ step }) => trained(step + 1) as Decision & { type: "trained" },
  step_skipped: ({ step }) => ({ type: "step_skipped", step: step + 1, epoch: 1, reason: "" }),
  rewound: ({ step }) => ({ type: "rewound", version: step + 1, source: 0 }),
  skipped: () => skipped,
  evaluated: () => ({ type: "evaluated", version: 0 }),
  dropped: ({ archivedThrough }) => ({ type: "dropped", through: archivedThrough, files: [] }),
  archived: () => ({ type: "archived", through: 0, orphans: 0, rollouts: null, outcomes: null }),
  ended: () => ({ type: "ended", failed: false, reason: "" }),
};

const rejected = {
  type: "rejected",
  task: "t0",
  samples: [0],
  reason: "x",
  message: "",
  replace: false,
  unusable: false,
} as const;
const expired = { type: "expired", task: "t0", samples: [0], reason: "stale" } as const;
const skipped = { type: "skipped", task: "t0", samples: [0], reason: "run-over" } as const;

/** How sample 0 of task t0 comes into each state, its sibling staying open, and which events may then be about it. */
const SAMPLES: {
  readonly [At in SampleState]: { readonly way: readonly Decision[]; readonly legal: readonly EventType[] };
} = {
  open: {
    way: [issued(0)],
    legal: ["leased", "partial", "failed", "accepted", "rejected", "expired"],
  },
  accepted: { way: [issued(0), accepted("t0", 0)], legal: ["batched", "skipped"] },
  batched: {
    way: [issued(0), accepted("t0", 0), batched(1, ["t0"], [0])],
    legal: ["trained", "step_skipped"],
  },
  trained: { way: [issued(0), accepted("t0", 0), batched(1, ["t0"], [0]), trained(1)], legal: [] },
  skipped: { way: [issued(0), accepted("t0", 0), skipped], legal: [] },
  evaluated: {
    way: [
      { ...issued(0, 1), lane: "eval", version: 0 } as Decision,
      accepted("t0", 0),
      EVENTS.evaluated(emptyState()),
    ],
    legal: [],
  },
  rejected: { way: [issued(0), rejected], legal: [] },
  expired: { way: [issued(0), expired], legal: ["replaced"] },
};

/** What may happen to a run that goes on, whatever its samples are. */
const ALWAYS: readonly EventType[] = [
  "opened",
  "trainer_opened",
  "configured",
  "paused",
  "stop_requested",
  "refill_exhausted",
  "rewound",
  "archived",
  "ended",
];

/** How a run comes into each phase, and what may then happen to it; nothing is issued. */
const PHASES: {
  readonly [At in RunPhase]: { readonly way: readonly Decision[]; readonly legal: readonly EventType[] };
} = {
  new: { way: [], legal: ["run_started"] },
  running: { way: [], legal: [...ALWAYS, "issued"] },
  paused: {
    way: [{ type: "paused" }],
    legal: [...ALWAYS.filter((type) => type !== "paused"), "resumed", "issued"],
  },
  ended: { way: [{ type: "ended", failed: false, reason: "" }], legal: afterTheEnd() },
  failed: { way: [{ type: "ended", failed: true, reason: "" }], legal: afterTheEnd() },
};

describe("the table of transitions", () => {
  it.each(Object.entries(SAMPLES))("says what may be about a sample that is %s", (at, { way, legal }) => {
    const make = () => runThat({}, ...way);

    expect(make().tasks.get("t0")?.samples[0]?.state ?? at).toBe(at);
    expect(legalEvents(make)).toEqual([...ALWAYS, ...legal].sort());
  });

  it("lets each state of a sample be followed by those of the ledger's own table, and no others", () => {
    const followers = Object.entries(SAMPLES).map(([from, { way, legal }]) => {
      const to = [...legal, "rewound" as const]
        .map((type) => stateAfter(way, type))
        .filter((at) => at !== from);
      return [from, [...new Set(to)].sort()];
    });

    expect(Object.fromEntries(followers)).toEqual({
      ...Object.fromEntries(Object.entries(SAMPLE_TRANSITIONS).map(([from, to]) => [from, [...to].sort()])),
      accepted: ["batched", "skipped"], // Evaluated is what a sample of the other lane becomes.
    });
  });

  it("says what may follow a sample that was accepted in an evaluation", () => {
    const evaluation = { ...issued(0, 1), lane: "eval", version: 0 } as Decision;
    const make = () => runThat({}, evaluation, accepted("t0", 0));

    expect(legalEvents(make)).toEqual([...ALWAYS, "evaluated"].sort());
  });

  it.each(Object.entries(PHASES))("says what may happen to a run that is %s", (at, { way, legal }) => {
    const make = () => (at === "new" ? emptyState() : runThat({}, ...way));

    expect(make().phase).toBe(at);
    expect(legalEvents(make)).toEqual([...legal].sort());
  });
});

function afterTheEnd(): readonly EventType[] {
  return [...ALWAYS.filter((type) => type !== "paused" && type !== "ended"), "issued"];
}

/** The types of events that a state takes. Whatever else it throws than a refusal by name fails the test. */
function legalEvents(make: () => LedgerState): string[] {
  return Object.values(EVENTS)
    .map((eventFor) => ({ state: make(), eventFor }))
    .filter(({ state, eventFor }) => isLegal(state, eventFor(state)))
    .map(({ state, eventFor }) => eventFor(state).type)
    .sort();
}

function isLegal(state: LedgerState, event: Decision): boolean {
  try {
    decide(state, event);
    return true;
  } catch (error) {
    if (error instanceof IllegalTransitionError && error.message !== "") return false;
    throw error;
  }
}

function stateAfter(way: readonly Decision[], type: EventType): string {
  const state = runThat({}, ...way);
  decide(state, EVENTS[type](state));
  return state.tasks.get("t0")?.samples[0]?.state ?? "evaluated"; // Its task is over, since it has no sibling.
}
