import { z } from "zod";

/** What is told of a run, and to whom: the `telemetry` section of run.yaml. */
export const TelemetryConfig = z.strictObject({
  otlp: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null)
    .describe(
      "Where every process of the run sends its metrics, by OTLP over HTTP, such as http://localhost:4318; null: nowhere.",
    ),
  metricsEverySeconds: z
    .int()
    .min(1)
    .max(3_600)
    .default(15)
    .describe("Time between two transmissions by OTLP, in seconds."),
});

/** A validated `telemetry` section. */
export type TelemetryConfig = z.output<typeof TelemetryConfig>;
