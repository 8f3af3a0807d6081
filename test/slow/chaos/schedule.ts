import { createRandom } from "../../../core/index.ts";

/** What a run consists of, as chaos sees it. */
const TARGETS = [
  "worker-0",
  "worker-1",
  "worker-0's engine",
  "worker-1's engine",
  "updater",
  "updater's engine",
  "coordinator",
  "nats-server",
  "train",
] as const;

/** A process of a run. */
export type Target = (typeof TARGETS)[number];

/** What the outsider, a worker of its own host, may be parted from. */
const LINKS = ["coordinator", "nats-server", "both"] as const;

/** Its links to one or both. */
export type LinkName = (typeof LINKS)[number];

/** What is done: a process is killed, or stopped and let go on; links are parted and healed; a second coordinator lives a while. */
type Deed =
  | { readonly kind: "kill"; readonly target: Target }
  | { readonly kind: "stop"; readonly target: Target; readonly ms: number }
  | { readonly kind: "part"; readonly link: LinkName; readonly ms: number }
  | { readonly kind: "second coordinator"; readonly ms: number };

/** A deed and its time. */
export type Act = Deed & {
  /** Counted from the round's begin, or from when its coordinator first answered. */
  readonly phase: "starting" | "working";
  readonly atMs: number;
};

/** What a round does, and to which run. */
export interface Schedule {
  readonly acts: readonly Act[];
  readonly staleness: number;
  readonly onPolicyUpdate: "keep" | "recompute" | "drain";
}

const MOST_ACTS = 5;
const STARTING_SHARE = 0.2;
/** A run has made its steps after about so long. */
const LAST_MS = { starting: 3_000, working: 8_000 };
/** From far below `ack_wait` to more than two of them. */
const SHORTEST_MS = 200;
const LONGEST_MS = 5_000;
/** Of ten deeds; the rest are kills. */
const STOPS = 3;
const PARTINGS = 2;
const SECONDS = 1;
const POLICY_UPDATES = ["keep", "recompute", "drain"] as const;

/** The schedule of a round: a function of seed and number alone. */
export function scheduleOf(seed: number, round: number): Schedule {
  const next = createRandom(`chaos/${seed}/${round}`);
  const among = <T>(choices: readonly T[]) => choices[Math.floor(next() * choices.length)] as T;
  const between = (least: number, most: number) => Math.round(least + (most - least) * next());
  const deed = (): Deed => {
    const drawn = next() * 10;
    const ms = between(SHORTEST_MS, LONGEST_MS);
    if (drawn < STOPS) return { kind: "stop", target: among(TARGETS), ms };
    if (drawn < STOPS + PARTINGS) return { kind: "part", link: among(LINKS), ms };
    if (drawn < STOPS + PARTINGS + SECONDS) return { kind: "second coordinator", ms };
    return { kind: "kill", target: among(TARGETS) };
  };
  const act = (): Act => {
    const phase = next() < STARTING_SHARE ? "starting" : "working";
    return { phase, atMs: between(0, LAST_MS[phase]), ...deed() };
  };
  const acts = Array.from({ length: between(2, MOST_ACTS) }, act);
  return {
    acts: acts.toSorted((a, b) => a.phase.localeCompare(b.phase) || a.atMs - b.atMs),
    staleness: between(0, 2),
    onPolicyUpdate: among(POLICY_UPDATES),
  };
}

/** An act in words. */
export function describeAct(act: Act): string {
  return `${act.phase} ${(act.atMs / 1000).toFixed(1)} s: ${describeDeed(act)}`;
}

function describeDeed(deed: Deed): string {
  switch (deed.kind) {
    case "kill":
      return `kill ${deed.target}`;
    case "stop":
      return `stop ${deed.target} for ${deed.ms} ms`;
    case "part":
      return `part the outsider from ${deed.link} for ${deed.ms} ms`;
    case "second coordinator":
      return `a second coordinator for ${deed.ms} ms`;
  }
}
