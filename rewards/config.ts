import { z } from "zod";

/** How replies are scored. Defaults are the paper's (arXiv:2502.18449). */
export const RewardConfig = z.strictObject({
  name: z.literal("swe-rl").default("swe-rl").describe("Which reward."),
  form: z
    .enum(["continuous", "discrete", "threshold"])
    .default("continuous")
    .describe(
      "What a well-formed reply earns. continuous: the similarity of its change to the true one; discrete: 1 for the true change, else 0; threshold: 1 for the true change, `threshold` for a similarity of at least that, else 0.",
    ),
  threshold: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.5)
    .describe("Similarity that earns something; only with form threshold."),
  oracleFilesOnly: z
    .boolean()
    .default(false)
    .describe("Whether changes of files that the true change leaves alone are ignored instead of counted 0."),
  bothEmpty: z
    .enum(["one", "reject"])
    .default("one")
    .describe("What a reply gets that changes nothing where nothing was to be changed: 1 or −1."),
  operationsAtMost: z
    .int()
    .min(1_000_000)
    .default(200_000_000)
    .describe(
      "Operations after which a reply is too expensive to score and gets −1; 200 million take some seconds.",
    ),
});

/** Validated {@link RewardConfig}. */
export type RewardConfig = z.output<typeof RewardConfig>;
