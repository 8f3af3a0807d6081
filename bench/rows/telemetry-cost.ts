/**
 * What being watched costs: the same small run of the demo's model with metrics, traces and logs on and with none asked for,
 * one after the other, in processor time for each sampled token.
 *
 * Nine tenths of that time are the engines', whose processes know nothing of telemetry, and it varies by 10 % from run to run
 * as their memory falls into caches: so what is compared is the time of all other processes, and what it is a share of is the
 * time of all.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import type { Summary } from "../../coordinator/index.ts";
import { median } from "../../core/index.ts";
import { openOtlpReceiver } from "../../test/support/otlp-receiver.ts";
import { openTemporaryFolder } from "../../test/support/temporary-folder.ts";
import { medianAtMost } from "../pairs.ts";
import type { Bench, Row } from "../row.ts";

const PAIRS = 10;
/** A start, in which each process loads OpenTelemetry once, is a small part of it. */
const STEPS = 12;
const DEMO = fileURLToPath(new URL("../../examples/demo/", import.meta.url));
const TELL_SECONDS = new URL("../tell-engine-seconds.mjs", import.meta.url).href;
const FLEET = fileURLToPath(new URL("../../bin/fleet.mjs", import.meta.url));

/** Rows `telemetry-cost` and `telemetry-cost-at-most`. */
export const telemetryCostBench: Bench = {
  name: "telemetry-cost",
  async measure(): Promise<Row[]> {
    await using receiver = await openOtlpReceiver();
    const watched = ["--metrics", "--otlp", receiver.url];
    const more: number[] = [];
    const wholeMore: number[] = [];
    for (let pair = 0; pair < PAIRS; pair++) {
      const isTurned = pair % 2 === 1;
      const first = await spentPerToken(isTurned ? watched : []);
      const second = await spentPerToken(isTurned ? [] : watched);
      const [on, off] = isTurned ? [first, second] : [second, first];
      more.push((100 * (on.others - off.others)) / (off.others + off.engines));
      wholeMore.push(100 * ((on.others + on.engines) / (off.others + off.engines) - 1));
    }
    const whole = `with the engines' own time compared too, which is noise, ${median(wholeMore).toFixed(1)} %, at most ${medianAtMost(wholeMore).toFixed(1)} %`;
    const what = `more processor time for each token with metrics, every trace and logs than with neither metrics nor traces, of every process but the engines, as a share of the time of all (${whole}); ${PAIRS} pairs of runs of ${STEPS} steps of the demo`;
    return [
      { id: "telemetry-cost", what: `${what}; median`, value: median(more), unit: "%", atMost: 2 },
      {
        id: "telemetry-cost-at-most",
        what: `${what}; upper end of the median's 95 % interval`,
        value: medianAtMost(more),
        unit: "%",
        atMost: 5,
      },
    ];
  },
};

/** Processor seconds for each sampled token. */
interface Spent {
  readonly engines: number;
  readonly others: number;
}

/** Of a whole run, its processes' starts included. */
async function spentPerToken(options: readonly string[]): Promise<Spent> {
  await using folder = await openTemporaryFolder();
  const { eval: _, ...demo } = parse(await readFile(join(DEMO, "run.yaml"), "utf8"));
  const run = {
    ...demo,
    steps: STEPS,
    model: { ...demo.model, gguf: join(DEMO, demo.model.gguf) },
    dataset: { train: [join(DEMO, "data/train.jsonl")], prompt: join(DEMO, "prompt.txt") },
  };
  const file = folder.file("run.yaml");
  await writeFile(file, stringify(run));
  const engines = folder.file("engines");
  const all = await processorSeconds(
    ["train", file, "--runs", folder.file("runs"), "--run", "r", ...options],
    engines,
  );
  const ofEngines = (await readFile(engines, "utf8")).trim().split("\n").map(Number);
  const seconds = ofEngines.reduce((sum, one) => sum + one, 0);
  const summary = JSON.parse(await readFile(folder.file("runs/r/summary.json"), "utf8")) as Summary;
  const tokens = summary.steps.reduce((sum, step) => sum + step.tokens.sampled, 0);
  return { engines: seconds / tokens, others: (all - seconds) / tokens };
}

/**
 * Of `fleet` and every process that it started and waited for, as the shell counts them.
 *
 * @param engines - file that each engine adds its own seconds to when it ends
 */
async function processorSeconds(args: readonly string[], engines: string): Promise<number> {
  const shell = spawn("bash", ["-c", '"$@" >/dev/null 2>&1 && times', "bash", FLEET, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_OPTIONS: `--import ${TELL_SECONDS}`, ENGINE_SECONDS: engines },
  });
  let text = "";
  shell.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  const [code] = await once(shell, "close");
  if (code !== 0) throw new Error(`fleet ${args.join(" ")} ended with ${code}`);
  const ofChildren = text.trim().split("\n").at(-1) ?? "";
  return [...ofChildren.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + 60 * Number(minutes) + Number(seconds),
    0,
  );
}
