import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Engine, type EngineCompletion, encodeAdapter, type Policy } from "../../llama/index.ts";
import { loadAdapter } from "../support/cpu-engine.ts";
import { openDecoding, somePrompt } from "../support/decoding.ts";
import { type Generation, generateGroup, sampled, startGroup } from "../support/generation.ts";
import { largestDifference } from "../support/gradients.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";
import { tinyAdapter, writeTinyModel } from "../support/tiny-model.ts";

const prompt = somePrompt(30);
const sampling = { temperature: 0.9, maxTokens: 200 };

let folder: TemporaryFolder;
let engine: Engine;
let first: Policy;
let second: Policy;
/** Samples that do not end before `maxTokens` under the first and under the second policy. */
let long: { first: number[]; second: number[] };
beforeAll(async () => {
  folder = await openTemporaryFolder();
  await writeTinyModel(folder.file("model.gguf"), { isTied: false });
  engine = await openDecoding(folder.file("model.gguf"), { slots: 4, contextTokens: 230 });
  first = { version: 1, adapter: await loadAdapter(engine, adapterOf(0)) };
  second = { version: 2, adapter: await loadAdapter(engine, adapterOf(1)) };
  long = { first: await longSamples(first), second: await longSamples(second) };
});
beforeEach(() => engine.activate(first, "recompute"));
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

describe("a policy that changes in the middle of completions", () => {
  it("with keep goes on from the old cells, in a span of its own", async () => {
    const completions = await switched("keep");

    for (const completion of completions) {
      const from = completion.spans[1]?.from ?? 0;
      expect(completion.spans).toEqual([
        { from: 0, policy: first },
        { from, policy: second },
      ]);
      expect(await gapUnder(first, completion, 0, from)).toBeLessThan(1e-5);
    }
    const gapsUnder = (policy: Policy) =>
      Promise.all(completions.map((each) => gapUnder(policy, each, each.spans[1]?.from ?? 0)));
    expect(Math.max(...(await gapsUnder(first)))).toBeGreaterThan(0.01);
    expect(Math.max(...(await gapsUnder(second)))).toBeGreaterThan(0.01);
  });

  it("with recompute goes on as if all before had been under it, in a span of its own", async () => {
    const completions = await switched("recompute");

    for (const completion of completions) {
      const from = completion.spans[1]?.from ?? 0;
      expect(completion.spans).toEqual([
        { from: 0, policy: first },
        { from, policy: second },
      ]);
      expect(await gapUnder(first, completion, 0, from)).toBeLessThan(1e-5);
      expect(await gapUnder(second, completion, from)).toBeLessThan(1e-5);
    }
  });

  it("with drain lets them finish under the old one, beside samples under the new one", async () => {
    const old = startGroup(engine, { prompt, sampling, samples: long.first.slice(0, 3) });
    await sampled(engine, 10);

    await engine.activate(second, "drain");
    const brief = { ...sampling, maxTokens: 5 };
    const fresh = await generateGroup(engine, { prompt, sampling: brief, samples: [50, 51] });
    const endedBefore = old.completions.length;
    await old.handle.done;

    expect(endedBefore).toBe(0);
    expect(fresh.completions.map(({ spans }) => spans)).toEqual([
      [{ from: 0, policy: second }],
      [{ from: 0, policy: second }],
    ]);
    for (const completion of fresh.completions)
      expect(await gapUnder(second, completion, 0)).toBeLessThan(1e-5);
    for (const completion of old.completions) {
      expect(completion.spans).toEqual([{ from: 0, policy: first }]);
      expect(await gapUnder(first, completion, 0)).toBeLessThan(1e-5);
    }
  });

  it("evaluates the prompt again for samples that are still to start", async () => {
    const group = startGroup(engine, { prompt, sampling, samples: [...long.first, 50, 51] });
    await sampled(engine, 10);
    const before = (await engine.status()).prefillTokens;

    await engine.activate(second, "keep");
    await group.handle.done;

    const later = group.completions.filter(({ sample }) => sample >= 50);
    expect((await engine.status()).prefillTokens - before).toBe(prompt.length);
    for (const completion of later) {
      expect(completion.spans).toEqual([{ from: 0, policy: second }]);
      expect(await gapUnder(second, completion, 0)).toBeLessThan(1e-5);
    }
    expect(later).toHaveLength(2);
  });
});

describe("a drain that is asked for during another", () => {
  it("begins when that one ends, though its adapter was dropped meanwhile", async () => {
    const third = { version: 3, adapter: await loadAdapter(engine, adapterOf(7)) };
    const [old, next] = await drainedTwice();

    const waiting = engine.activate(third, "drain");
    await engine.dropAdapter(third.adapter);
    await waiting;
    const { completions } = await generateGroup(engine, { prompt, sampling });
    await Promise.all([old.handle.done, next.handle.done]);

    expect(completions[0]?.spans).toEqual([{ from: 0, policy: third }]);
    await loadAdapter(engine, adapterOf(7));
    expect(await gapUnder(third, completions[0] as EngineCompletion, 0)).toBeLessThan(1e-5);
  });

  it("is cancelled as soon as a later change overtakes it", async () => {
    const [old, next] = await drainedTwice();

    const waiting = expect(
      engine.activate({ version: 3, adapter: first.adapter }, "drain"),
    ).rejects.toMatchObject({
      disposition: "cancelled",
      message: "policy 3 was overtaken by policy 4 while it waited",
    });
    await engine.activate({ version: 4, adapter: first.adapter }, "keep");
    await waiting;
    await Promise.all([old.handle.done, next.handle.done]);

    const versions = [old, next].map(({ completions }) =>
      completions[0]?.spans.map(({ policy }) => policy.version),
    );
    expect((await engine.status()).policy.version).toBe(4);
    expect(versions).toEqual([
      [1, 4],
      [2, 4],
    ]);
  });
});

/** Generates under the first policy, and changes to the second in the middle. */
async function switched(running: "keep" | "recompute"): Promise<readonly EngineCompletion[]> {
  const group = startGroup(engine, { prompt, sampling, samples: long.first });
  await sampled(engine, 60);
  await engine.activate(second, running);
  await group.handle.done;
  expect(group.completions).toHaveLength(4);
  return group.completions;
}

/** A sample that finishes under the first policy, and one that runs under the second. */
async function drainedTwice(): Promise<[Generation, Generation]> {
  const old = startGroup(engine, { prompt, sampling, samples: long.first.slice(0, 1) });
  await sampled(engine, 5);
  await engine.activate(second, "drain");
  const next = startGroup(engine, { prompt, sampling, samples: long.second.slice(0, 1) });
  await sampled(engine, 5);
  return [old, next];
}

async function longSamples(policy: Policy): Promise<number[]> {
  await engine.activate(policy, "keep");
  const samples = Array.from({ length: 24 }, (_, sample) => sample);
  const { completions } = await generateGroup(engine, { prompt, sampling, samples });
  const found = completions.filter(({ finish }) => finish === "length").map(({ sample }) => sample);
  expect(found.length).toBeGreaterThanOrEqual(4);
  return found.slice(0, 4);
}

/** By how much the recorded log-probabilities of tokens differ from those of the whole text under a policy. */
async function gapUnder(policy: Policy, { tokens, logp }: EngineCompletion, from: number, to?: number) {
  const { logpT } = await engine.score({
    tokens: Int32Array.of(...prompt, ...tokens),
    from: prompt.length,
    adapter: policy.adapter,
    temperature: sampling.temperature,
  });
  return largestDifference(logp.slice(from, to), logpT.slice(from, to));
}

function adapterOf(seed: number): Uint8Array {
  return encodeAdapter(tinyAdapter(engine.model, { seed }));
}
