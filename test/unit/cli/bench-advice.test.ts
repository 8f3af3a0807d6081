import { describe, expect, it } from "vitest";
import { advise } from "../../../cli/bench/advise.ts";
import type { ModelLoad } from "../../../cli/bench/model-load.ts";
import type { TriedSettings } from "../../../llama/index.ts";

const LOAD: ModelLoad = {
  gguf: "m.gguf",
  device: "cpu",
  ...{ slots: 8, threads: 1, lanes: 2 },
  ...{ promptTokens: 1_000, completionTokens: 100, group: 10 },
};
const USUAL: TriedSettings = {
  ...{ flashAttention: "off", cells: "f16", unified: true, repacked: false },
  tokensPerSecond: 100,
};
const decoding = (tried: readonly TriedSettings[], tokensPerSecond = 100) => ({
  ...{ tokensPerSecond, promptTokensPerSecond: 1_000, fewer: [], tried, rows: [] },
});
const gradient = (tokensPerSecond: number) => ({ tokensPerSecond, lanes: 2, rows: [] });

describe("what fleet bench makes of its figures", () => {
  it("says how many workers keep an updater busy where sampling takes longer", () => {
    // 8 × (1 s + 1,000 tokens / 100 a second) = 88 s; 8 × 2,000 tokens / 1,000 a second = 16 s.
    expect(advise(LOAD, decoding([USUAL]), gradient(1_000))[0]).toBe(
      "sampling limits a run: a step of 8 prompts × 10 completions samples for 88 s on one such worker and trains for 16 s, so that 6 such workers, each on cores of its own, keep one updater busy",
    );
  });

  it("names the gradient where that takes longer", () => {
    expect(advise(LOAD, decoding([USUAL], 10_000), gradient(100))[0]).toMatch(
      /^the gradient limits a run: a step of 8 prompts × 10 completions samples for 8\.8 s on one such worker and trains for 160 s; /,
    );
  });

  it("names the fewer slots that sample most, where they sample more", () => {
    const speed = decoding([USUAL]);
    const at = (slots: number, tokensPerSecond: number) => ({ slots, tokensPerSecond });

    expect(advise(LOAD, { ...speed, fewer: [at(2, 130), at(4, 160)] }, gradient(1_000))[1]).toBe(
      "slots: 4 sample 1.60 times as many tokens a second as 8, since each row scans the cells of all that run beside it",
    );
    expect(advise(LOAD, { ...speed, fewer: [at(2, 104), at(4, 90)] }, gradient(1_000))[1]).toMatch(/^model/);
  });

  it("names the settings that are faster and possible, with their price", () => {
    const split = { ...USUAL, unified: false, tokensPerSecond: 300 };
    const repacked = { ...USUAL, repacked: true, tokensPerSecond: 150 };

    expect(advise(LOAD, decoding([split, repacked, USUAL]), gradient(1_000))[1]).toBe(
      "model.decoding: { flashAttention: off, cells: f16, repacked: true } made llama_decode alone 1.50 times as fast as flash attention off, f16 cells, unified, not repacked; a seed gives other tokens than with the default, and alone than in full slots; each worker holds its own copy of the weights",
    );
  });

  it("leaves settings alone that are hardly faster", () => {
    const flash = { ...USUAL, flashAttention: "on", tokensPerSecond: 104 } as const;

    expect(advise(LOAD, decoding([flash, USUAL]), gradient(1_000))[1]).toBe(
      "model.decoding: no setting is faster here than the default by 5 % or more",
    );
  });
});
