import { z } from "zod";

/** What is told of a run, and to whom: the `telemetry` section of run.yaml. */
export const TelemetryConfig = z.strictObject({
  otlp: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null)
    .describe(
      "Where every process of the run sends its metrics and traces, by OTLP over HTTP, such as http://localhost:4318; null: nowhere.",
    ),
  metricsEverySeconds: z
    .int()
    .min(1)
    .max(3_600)
    .default(15)
    .describe("Time between two transmissions of metrics by OTLP, in seconds."),
  tracesShare: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe(
      "Share of the tasks whose traces are sent; those that fail, go stale or are slow always are. Steps always are.",
    ),
  text: z.boolean().default(false).describe("Whether traces hold prompts and completions."),
});

/** A validated `telemetry` section. */
export type TelemetryConfig = z.output<typeof TelemetryConfig>;
