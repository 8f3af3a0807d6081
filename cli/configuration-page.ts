import { z } from "zod";
import { RunConfig } from "./run-config.ts";

/** The part of JSON Schema that zod writes for our configuration. */
interface Schema {
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly const?: unknown;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly minimum?: number;
  readonly maximum?: number;
}

/** docs/configuration.md: every key of run.yaml with its type, default and meaning. */
export function configurationPage(): string {
  const schema = z.toJSONSchema(RunConfig, { io: "input" }) as Schema;
  const lines = [
    "# Configuration",
    "",
    "Every key of `run.yaml`, generated from the schema by `node docs/generate.ts`. A key that is not here is an error.",
    "Paths are relative to the file that names them.",
    "",
    "| key | type | default | meaning |",
    "|---|---|---|---|",
    ...rowsOf(schema, ""),
  ];
  return `${lines.join("\n")}\n`;
}

function rowsOf(schema: Schema, prefix: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, child]) => {
    const path = prefix + key;
    const row = `| \`${path}\` | ${typeOf(child)} | ${defaultOf(child)} | ${child.description ?? ""} |`;
    const kinds = child.items?.oneOf ?? [];
    const inner = child.items?.properties ? rowsOf(child.items, `${path}[].`) : rowsOf(child, `${path}.`);
    return [row, ...inner, ...kinds.flatMap((kind) => rowsOf(kind, `${path}[${kindOf(kind)}].`))];
  });
}

function kindOf({ properties }: Schema): string {
  const { kind } = properties ?? {};
  return String(kind?.const);
}

function typeOf(schema: Schema): string {
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.oneOf) return schema.oneOf.map(kindOf).join(" or ");
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(", ");
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(" or ");
  if (schema.type === "array" && schema.items) return `list of ${typeOf(schema.items)}`;
  return `${schema.type ?? "any"}${rangeOf(schema)}`;
}

function rangeOf({ minimum, maximum }: Schema): string {
  const low = minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? `from ${minimum}` : "";
  const high = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? `to ${maximum}` : "";
  const range = [low, high].filter((part) => part !== "").join(" ");
  return range === "" ? "" : ` (${range})`;
}

function defaultOf(schema: Schema): string {
  const isSection = schema.properties !== undefined;
  return schema.default === undefined || isSection ? "" : `\`${JSON.stringify(schema.default)}\``;
}
