import { createRandom } from "../../../core/index.ts";

/** What a run consists of, as chaos sees it. */
export const TARGETS = [
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

/** What is done to one process: it is killed, or stopped and let go on. */
export interface Act {
  /** Counted from the round's begin, or from when its coordinator first answered. */
  readonly phase: "starting" | "working";
  readonly atMs: number;
  readonly target: Target;
  /** Null: SIGKILL; else SIGSTOP, and SIGCONT after this long. */
  readonly stopMs: number | null;
}

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
const SHORTEST_STOP_MS = 200;
const LONGEST_STOP_MS = 5_000;
const STOP_SHARE = 0.4;
const POLICY_UPDATES = ["keep", "recompute", "drain"] as const;

/** The schedule of a round: a function of seed and number alone. */
export function scheduleOf(seed: number, round: number): Schedule {
  const next = createRandom(`chaos/${seed}/${round}`);
  const among = <T>(choices: readonly T[]) => choices[Math.floor(next() * choices.length)] as T;
  const between = (least: number, most: number) => Math.round(least + (most - least) * next());
  const act = (): Act => {
    const phase = next() < STARTING_SHARE ? "starting" : "working";
    const atMs = between(0, LAST_MS[phase]);
    const stopMs = next() < STOP_SHARE ? between(SHORTEST_STOP_MS, LONGEST_STOP_MS) : null;
    return { phase, atMs, target: among(TARGETS), stopMs };
  };
  const acts = Array.from({ length: between(2, MOST_ACTS) }, act);
  return {
    acts: acts.toSorted((a, b) => a.phase.localeCompare(b.phase) || a.atMs - b.atMs),
    staleness: between(0, 2),
    onPolicyUpdate: among(POLICY_UPDATES),
  };
}

/** An act in words. */
export function describeAct({ phase, atMs, target, stopMs }: Act): string {
  const what = stopMs === null ? `kill ${target}` : `stop ${target} for ${stopMs} ms`;
  return `${phase} ${(atMs / 1000).toFixed(1)} s: ${what}`;
}
