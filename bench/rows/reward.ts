/**
 * The reward's speed against CPython's difflib, on the same texts in the same run, with equal results.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { createRandom } from "../../core/index.ts";
import { createReward, RewardConfig, similarityRatio } from "../../rewards/index.ts";
import type { Bench, Row } from "../row.ts";

const PEER = fileURLToPath(new URL("reward.py", import.meta.url));
const MOST_OUTPUT_BYTES = 64 * 2 ** 20;
const PATH = "src/module.py";
const PATCHES = 24;
/** Repetitions of ours; the fastest counts, as everything else is the machine's. */
const TURNS = 7;

interface Case {
  readonly before: string;
  readonly predicted: string;
  readonly oracle: string;
}

interface Timed {
  readonly seconds: number;
  readonly results: readonly number[];
}

interface PeerAnswer {
  readonly rewards: Timed;
  readonly ratios: Readonly<Record<string, Timed>>;
  readonly version: string;
}

/** Rows `reward-patches`, `reward-code-20000` and `reward-periodic-1500`. */
export const rewardBench: Bench = {
  name: "reward",
  async measure(): Promise<Row[]> {
    const rewards = Array.from({ length: PATCHES }, (_, index) => patchCase(`patch ${index}`));
    const ratios = {
      code: [[codeLike("a", 20_000), codeLike("b", 20_000)]],
      periodic: [["ab".repeat(750), "ba".repeat(750)]],
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
        "ratio, period 2, 1,500 characters",
        ours.periodic,
        peer.ratios["periodic"],
        500,
      ),
    ];
  },
};

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

/** A file, its true change, and a prediction that touches the same lines otherwise. */
function patchCase(seed: string): Case {
  const lines = codeLike(seed, 6_000).split("\n");
  const rewrite = (by: string) => {
    const next = createRandom(`${seed}/${by}`);
    const from = Math.floor(lines.length * 0.3);
    const replaced = lines.slice(from, from + 50).map((line) => (next() < 0.6 ? line : codeLine(next)));
    return [...lines.slice(0, from), ...replaced, ...lines.slice(from + 50)].join("\n");
  };
  return { before: lines.join("\n"), predicted: rewrite("predicted"), oracle: rewrite("oracle") };
}

function scoreInput({ before, predicted, oracle }: Case) {
  const edit = `### ${PATH}\n<<<<<<< SEARCH\n${before}\n=======\n${predicted}\n>>>>>>> REPLACE`;
  const reply = `<think>\nbecause\n</think>\n<solution>\n\`\`\`python\n${edit}\n\`\`\`\n</solution>`;
  return { files: { [PATH]: before }, oracle: { [PATH]: oracle }, reply };
}

const WORDS =
  "self value index items result config request path name count error handler return data node".split(" ");

function codeLike(seed: string, characters: number): string {
  const next = createRandom(seed);
  let text = "";
  while (text.length < characters) text += `${codeLine(next)}\n`;
  return text.slice(0, characters);
}

function codeLine(next: () => number): string {
  const word = () => WORDS[Math.floor(next() * WORDS.length)] ?? "";
  const indent = "    ".repeat(1 + Math.floor(next() * 3));
  return `${indent}${word()}_${word()} = ${word()}.${word()}(${word()}, ${Math.floor(next() * 100)})`;
}
