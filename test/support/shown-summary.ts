import type { Summary } from "../../coordinator/index.ts";

/** A summary with steps whose mean reward grows by 0.1 from 0.1 on, and in which the updater waits half of its time. */
export function shownSummary(steps: number): Partial<Summary> {
  const round = (version: number, reward: number) => ({
    ...{ version, temperature: 0, tasks: 8, reward, formatRate: 0.5, exactRate: version === 0 ? 0.25 : 0.5 },
  });
  return {
    steps: Array.from({ length: steps }, (_, i) => ({
      step: i + 1,
      skipped: null,
      meanReward: 0.1 * (i + 1),
      formatRate: 0.5,
      exactRate: 0.25,
      rollouts: 8,
      refilledGroups: 0,
      trainedRollouts: 8,
      kl: 0.01 * i,
      entropy: 1,
      ratio: { mean: 1, max: 1.5 },
      clippedShare: 0.05,
      gradientNorm: 0.5,
      learningRate: 1e-3,
      staleness: { mean: 0.5, max: 1 },
      tokens: { sampled: 1_000, trained: 900, loss: 800 },
      seconds: {
        ...{ step: 10, generate: 8, reward: 0.5, wait: 5, forward: 2, backward: 2, optimizer: 1, inHand: 5 },
      },
      gaps: [{ variant: "base", tokens: 100, meanAbs: 0.001, maxAbs: 0.01, cutShare: 0 }],
    })),
    heldOut: { before: [], after: [], change: [], rounds: [round(0, 0.2), round(steps, 0.5)] },
    ledger: [
      {
        ...{ lane: "train", issued: 60, accepted: 50, rejected: 4, expired: 6, outstanding: 0 },
        ...{ trained: 40, skipped: 10, evaluated: 0, waiting: 0, duplicates: 1 },
      },
    ],
    unusable: { "org/bad": "prompt-too-long: it has 9,000 tokens" },
  };
}
