/**
 * The reward's speed against CPython's difflib, on the same texts in the same run, with equal results.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { createReward, RewardConfig, similarityRatio } from "../../rewards/index.ts";
import type { Bench, Row } from "../row.ts";
import { codeLike, patchOf, scoreInput } from "./patches.ts";
import { measureRewardBatch } from "./reward-batch.ts";

const PEER = fileURLToPath(new URL("reward.py", import.meta.url));
const MOST_OUTPUT_BYTES = 64 * 2 ** 20;
const PATCHES = 24;
/** Repetitions of ours; the fastest counts, as everything else is the machine's. */
const TURNS = 7;

interface Timed {
  readonly seconds: number;
  readonly results: readonly number[];
}

interface PeerAnswer {
  readonly rewards: Timed;
  readonly ratios: Readonly<Record<string, Timed>>;
  readonly version: string;
}

/** Rows `reward-patches`, `reward-code-20000`, `reward-periodic-1500`, `reward-periodic-4000` and `reward-batch`. */
export const rewardBench: Bench = {
  name: "reward",
  async measure(): Promise<Row[]> {
    const rewards = Array.from({ length: PATCHES }, (_, index) =>
      patchOf(`patch ${index}`, "predicted", 50, 0.6),
    );
    const ratios = {
      code: [[codeLike("a", 20_000), codeLike("b", 20_000)]],
      periodic: [periodic(1_500)],
    } as const;
    const peer = askPeer({ rewards, ratios });
    const reward = createReward(RewardConfig.parse({}));
    const ours = {
      rewards: timed(() => rewards.map((one) => reward(scoreInput(one)).reward)),
      code: timed(() => ratios.code.map(([a, b]) => similarityRatio(a, b))),
      periodic: timed(() => ratios.periodic.map(([a, b]) => similarityRatio(a, b))),
    };
    const row = (id: string, what: string, mine: Timed, theirs: Timed | undefined, atLeast: number): Row => ({
      id,
      what: `${what}, against CPython ${peer.version}'s difflib`,
      value: speedup(id, mine, theirs),
      unit: "×",
      atLeast,
    });
    return [
      row(
        "reward-patches",
        "whole reward, patches of 2,000 to 5,000 characters",
        ours.rewards,
        peer.rewards,
        30,
      ),
      row("reward-code-20000", "ratio, code of 20,000 characters", ours.code, peer.ratios["code"], 100),
      row(
        "reward-periodic-1500",
        "ratio, a text of period 2 and one of period 3, 1,500 characters",
        ours.periodic,
        peer.ratios["periodic"],
        500,
      ),
      periodicRow(4_000, 50),
      await measureRewardBatch(),
    ];
  },
};

/** Two texts that share hundreds of short matches, each of which CPython looks for everywhere. */
function periodic(characters: number): [string, string] {
  return ["ab".repeat(characters / 2), "abb".repeat(Math.ceil(characters / 3)).slice(0, characters)];
}

/** Of a length at which CPython takes minutes, so ours alone. */
function periodicRow(characters: number, atMostMs: number): Row {
  const [a, b] = periodic(characters);
  const { seconds } = timed(() => [similarityRatio(a, b)]);
  return {
    id: `reward-periodic-${characters}`,
    what: `ratio, a text of period 2 and one of period 3, ${characters.toLocaleString("en")} characters; CPython, not run, takes minutes`,
    value: 1_000 * seconds,
    unit: "ms",
    atMost: atMostMs,
  };
}

/** @throws when the results differ by a single bit: a wrong answer has no speed */
function speedup(id: string, ours: Timed, theirs: Timed | undefined): number {
  if (theirs === undefined || JSON.stringify(ours.results) !== JSON.stringify(theirs.results)) {
    throw new Error(
      `${id}: ours ${JSON.stringify(ours.results)}, CPython's ${JSON.stringify(theirs?.results)}`,
    );
  }
  return theirs.seconds / ours.seconds;
}

function timed(work: () => number[]): Timed {
  let seconds = Number.POSITIVE_INFINITY;
  let results: number[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    const start = performance.now();
    results = work();
    seconds = Math.min(seconds, (performance.now() - start) / 1_000);
  }
  return { seconds, results };
}

function askPeer(work: unknown): PeerAnswer {
  const options = { input: JSON.stringify(work), maxBuffer: MOST_OUTPUT_BYTES };
  return JSON.parse(execFileSync("python3", [PEER], options).toString()) as PeerAnswer;
}
