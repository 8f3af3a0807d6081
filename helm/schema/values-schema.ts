import { z } from "zod";
import { RunConfig } from "../../cli/index.ts";
import { ChartValues } from "./values.ts";

/** Sections of run.yaml that the chart writes itself. */
const WRITTEN_BY_THE_CHART = ["local", "tls", "scaling"];

/** The part of JSON Schema that matters here. */
interface Schema {
  $schema?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  [key: string]: unknown;
}

/**
 * `values.schema.json`: the chart's own values, and under `run` what may stand in a run.yaml. Draft 7, which every Helm 3 reads.
 */
export function valuesSchema(): Schema {
  const options = { io: "input", target: "draft-7" } as const;
  const values = z.toJSONSchema(ChartValues, options) as Schema;
  const { $schema: _, ...run } = z.toJSONSchema(RunConfig, options) as Schema;
  for (const name of WRITTEN_BY_THE_CHART) delete run.properties?.[name];
  const { required, ...anyRun } = run;
  return {
    ...values,
    properties: { run: anyRun, ...values.properties },
    required: ["run", ...(values.required ?? [])],
    if: { properties: { join: { properties: { coordinator: { const: "" } } } } },
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own word.
    then: { properties: { run: { required } } },
  };
}
