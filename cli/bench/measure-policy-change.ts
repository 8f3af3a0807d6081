import { median, pause } from "../../core/index.ts";
import {
  type Engine,
  generateGroup,
  type OnPolicyChange,
  openEngine,
  randomTokens,
  smallAdapter,
} from "../../llama/index.ts";
import { LoraConfig } from "../../updater/index.ts";
import type { ModelLoad } from "./model-load.ts";
import type { BenchRow } from "./row.ts";

const TURNS = 3;
const WAYS: Readonly<Record<OnPolicyChange, string>> = {
  keep: "go on over their cells",
  recompute: "have their cells computed again",
  drain: "end under the old one, in cells of their own",
};

/**
 * Measures what `worker.onPolicyUpdate` costs: how much longer the completions of full slots take when a LoRA of the default
 * rank follows another in their middle.
 */
export async function measurePolicyChange(load: Omit<ModelLoad, "lanes" | "group">): Promise<BenchRow[]> {
  const { gguf, device, slots, threads, promptTokens, completionTokens } = load;
  await using engine = await openEngine({
    ...{ gguf, device, slots, threads, template: "raw", exact: false },
    contextTokens: promptTokens + completionTokens + 1,
  });
  const change = await policyChanges(engine);
  const prompt = randomTokens("policy change", engine.model.vocabulary, promptTokens);
  let turn = 0;
  const timeOf = async (during: (() => Promise<void>) | null): Promise<number> => {
    const draws = Array.from({ length: slots }, (_, sample) => `policy change/${turn}/${sample}`);
    turn += 1;
    const from = performance.now();
    const [completions] = await Promise.all([
      generateGroup(engine, prompt, draws, completionTokens),
      during?.(),
    ]);
    const tokens = completions.reduce((sum, completion) => sum + completion.tokens.length, 0);
    return ((performance.now() - from) * slots * completionTokens) / tokens;
  };
  await change("keep");
  await timeOf(null); // What is slow the first time.
  const rows: BenchRow[] = [];
  for (const [way, words] of Object.entries(WAYS) as [OnPolicyChange, string][]) {
    const longer: number[] = [];
    for (let pair = 0; pair < TURNS; pair++) {
      const usual = await timeOf(null);
      const changed = await timeOf(() => pause(usual / 2).then(() => change(way)));
      longer.push(changed - usual);
    }
    rows.push({
      ...{ id: `policy-change-${way}`, value: median(longer), unit: "ms" },
      what: `longer for ${slots} completions of ${completionTokens} tokens after ${promptTokens}, which ${words}, when a policy changes in their middle (onPolicyUpdate: ${way})`,
    });
  }
  return rows;
}

/** Two adapters, loaded, that follow each other. */
async function policyChanges(engine: Engine): Promise<(way: OnPolicyChange) => Promise<void>> {
  const { rank } = LoraConfig.parse({});
  const adapters = ["one", "other"].map((name) => smallAdapter(engine.model, rank, name));
  for (const { digest, bytes } of adapters) await engine.loadAdapter(digest, bytes);
  let version = 0;
  return async (way) => {
    version += 1;
    const { digest } = adapters[version % adapters.length] ?? { digest: "" };
    await engine.activate({ version, adapter: digest }, way);
  };
}
