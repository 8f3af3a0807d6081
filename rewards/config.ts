import { z } from "zod";

/** What the weights' sum may be off by. */
const ROUNDING = 1e-9;

const Range = z
  .tuple([z.number(), z.number()])
  .refine(([least, most]) => least < most, "the least value comes first");

const PAPER_RANGE = [-1, 1] as const;

/** What a reply in the right format earns. */
const variants = {
  form: z
    .enum(["continuous", "discrete", "threshold"])
    .describe(
      "What a well-formed reply earns. continuous: the similarity of its change to the true one; discrete: 1 for the true change, else 0; threshold: 1 for the true change, `threshold` for a similarity of at least that, else 0.",
    ),
  threshold: z.number().gt(0).lt(1).describe("Similarity that earns something; only with form threshold."),
  oracleFilesOnly: z
    .boolean()
    .describe("Whether changes of files that the true change leaves alone are ignored instead of counted 0."),
  bothEmpty: z
    .enum(["one", "reject"])
    .describe("What a reply gets that changes nothing where nothing was to be changed: 1 or −1."),
};

const named = {
  name: z.string().min(1).describe("What records call it; no two components share one."),
  weight: z.number().describe("What its value is multiplied by."),
};

const Component = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("swe-rl").describe("The paper's reward."),
    ...named,
    options: z
      .strictObject(variants)
      .partial()
      .default({})
      .describe(
        "Other values for this component than the section's: form, threshold, oracleFilesOnly, bothEmpty.",
      ),
  }),
  z.strictObject({
    kind: z.literal("module").describe("A reward of your own, run on the worker's reward threads."),
    ...named,
    path: z
      .string()
      .min(1)
      .describe(
        "TypeScript or JavaScript, there on every worker. Its default export takes {files, oracle, reply} and gives a number or {reward, explanation}, or a promise of it.",
      ),
    range: Range.default([0, 1]).describe("Least and greatest value; one beyond fails the sample."),
  }),
  z.strictObject({
    kind: z
      .literal("grpc")
      .describe("A reward served elsewhere: fleet.v1.Rewarder of proto/fleet/v1/reward.proto."),
    ...named,
    address: z
      .string()
      .regex(/^[^\s/]+:\d+$/, "host:port")
      .describe("host:port of the service, reached by every worker, without TLS."),
    deadlineMs: z
      .int()
      .min(1)
      .default(10_000)
      .describe(
        "How long an answer may take, in milliseconds; then the sample fails. Below worker.rewardTimeoutMs.",
      ),
    range: Range.default([0, 1]).describe("Least and greatest value; one beyond fails the sample."),
  }),
]);

/** A validated component. */
export type Component = z.output<typeof Component>;

/** A component that is not in `rewards/`. */
export type CustomComponent = Exclude<Component, { kind: "swe-rl" }>;

const Components = z
  .array(Component)
  .superRefine((parts, context) => {
    const refuse = (message: string) => context.addIssue({ code: "custom", message });
    if (new Set(parts.map(({ name }) => name)).size < parts.length) refuse("two components share a name");
    const ends = parts.map((part) => {
      const [least, most] = part.kind === "swe-rl" ? PAPER_RANGE : part.range;
      return [least * part.weight, most * part.weight];
    });
    const least = ends.reduce((sum, pair) => sum + Math.min(...pair), 0);
    const most = ends.reduce((sum, pair) => sum + Math.max(...pair), 0);
    if (least < -1 - ROUNDING || most > 1 + ROUNDING) {
      refuse(`the sum ranges from ${least} to ${most} and must stay within −1 to 1: take smaller weights`);
    }
  })
  .default([])
  .describe("What is summed up; none: the paper's reward with weight 1. The sum stays within −1 to 1.");

/** How replies are scored. Defaults are the paper's (arXiv:2502.18449). */
export const RewardConfig = z.strictObject({
  name: z.literal("swe-rl").default("swe-rl").describe("Which reward."),
  form: variants.form.default("continuous"),
  threshold: variants.threshold.default(0.5),
  oracleFilesOnly: variants.oracleFilesOnly.default(false),
  bothEmpty: variants.bothEmpty.default("one"),
  operationsAtMost: z
    .int()
    .min(1_000_000)
    .default(200_000_000)
    .describe(
      "Operations after which a reply is too expensive to score and gets −1; 200 million take some seconds.",
    ),
  components: Components,
});

/** Validated {@link RewardConfig}. */
export type RewardConfig = z.output<typeof RewardConfig>;
