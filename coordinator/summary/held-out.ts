import type { EvalResult, EvalRound } from "../ledger/records.ts";
import { bootstrapInterval, type Interval } from "./bootstrap.ts";

/** What one policy version scored on the held-out tasks at one temperature. */
export interface HeldOutScores {
  readonly version: number;
  readonly temperature: number;
  /** Tasks with a result; one sample each. */
  readonly tasks: number;
  readonly reward: number;
  readonly formatRate: number;
  /** Share of exact repairs. */
  readonly exactRate: number;
}

/** After minus before, paired by task. */
export interface HeldOutChange {
  readonly temperature: number;
  /** Tasks with a result in both. */
  readonly pairs: number;
  readonly reward: Interval;
  readonly formatRate: Interval;
  readonly exactRate: Interval;
}

/** Held-out evaluation of a run: its first and its newest round, and every one between. */
export interface HeldOut {
  /** One entry a temperature; empty where nothing was evaluated. */
  readonly before: readonly HeldOutScores[];
  readonly after: readonly HeldOutScores[];
  readonly change: readonly HeldOutChange[];
  readonly rounds: readonly HeldOutScores[];
}

/** Compares the finished rounds of a run. `after` is empty while there is only one. */
export function compareRounds(rounds: Iterable<EvalRound>): HeldOut {
  const done = [...rounds].filter((round) => round.done).sort((a, b) => a.version - b.version);
  const [first] = done;
  const last = done.length > 1 ? done.at(-1) : undefined;
  return {
    before: first === undefined ? [] : scoresOf(first),
    after: last === undefined ? [] : scoresOf(last),
    change: first === undefined || last === undefined ? [] : changes(first, last),
    rounds: done.flatMap(scoresOf),
  };
}

function scoresOf(round: EvalRound): HeldOutScores[] {
  return temperaturesOf(round).map((temperature) => {
    const results = round.results.filter((result) => result.temperature === temperature);
    return {
      version: round.version,
      temperature,
      tasks: results.length,
      reward: mean(results.map((result) => result.reward)),
      formatRate: mean(results.map((result) => Number(result.wellFormed))),
      exactRate: mean(results.map((result) => Number(result.exact))),
    };
  });
}

function changes(first: EvalRound, last: EvalRound): HeldOutChange[] {
  return temperaturesOf(first).flatMap((temperature) => {
    const pairs = pairResults(first, last, temperature);
    if (pairs.length === 0) return [];
    const change = (value: (result: EvalResult) => number) =>
      bootstrapInterval(pairs.map(([before, after]) => value(after) - value(before)));
    return [
      {
        temperature,
        pairs: pairs.length,
        reward: change((result) => result.reward),
        formatRate: change((result) => Number(result.wellFormed)),
        exactRate: change((result) => Number(result.exact)),
      },
    ];
  });
}

function pairResults(first: EvalRound, last: EvalRound, temperature: number): [EvalResult, EvalResult][] {
  const at = (round: EvalRound) => round.results.filter((result) => result.temperature === temperature);
  const before = new Map(at(first).map((result) => [result.instance, result]));
  return at(last).flatMap((after) => {
    const match = before.get(after.instance);
    return match === undefined ? [] : [[match, after] as [EvalResult, EvalResult]];
  });
}

function temperaturesOf(round: EvalRound): number[] {
  return [...new Set(round.results.map((result) => result.temperature))].sort((a, b) => a - b);
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
