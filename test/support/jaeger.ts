import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { stringify } from "yaml";
import { cacheFolder, pause } from "../../core/index.ts";
import { freePort } from "./bare-server.ts";
import { endProcess } from "./end-process.ts";

/** A span as Jaeger shows it. */
export interface ShownSpan {
  readonly service: string;
  readonly name: string;
  readonly spanId: string;
  /** Span ids that it refers to: its parent first, where it has one, then those that it is linked to. */
  readonly references: readonly string[];
  readonly tags: Readonly<Record<string, unknown>>;
}

/** A real Jaeger: an OpenTelemetry Collector that keeps traces in memory and shows them. Disposing ends it. */
export interface Jaeger extends AsyncDisposable {
  /** Where OTLP is received. */
  readonly otlp: string;
  services(): Promise<string[]>;
  /** Empty while it is not known. */
  trace(id: string): Promise<ShownSpan[]>;
  /** Ids of traces that have a span of this name. */
  find(service: string, span: string): Promise<string[]>;
  /** The metrics that it received, as Prometheus reads them. */
  metrics(): Promise<string>;
}

const READY_MS = 30_000;
const LOOK_EVERY_MS = 100;
const MOST_TRACES = 100;

/** The path of a jaeger. Says so in a printed line when there is none; fails where it is required. */
export function findJaeger(): string | null {
  const folders = [cacheFolder("bin"), ...(process.env["PATH"] ?? "").split(delimiter).filter(Boolean)];
  const found = folders.map((folder) => join(folder, "jaeger")).find(existsSync);
  if (found !== undefined && spawnSync(found, ["version"]).status === 0) return found;
  if (process.env["FLEET_REQUIRE"]?.split(",").includes("jaeger")) {
    throw new Error("jaeger is required by FLEET_REQUIRE and not there: test/tools/jaeger.sh builds it");
  }
  process.stderr.write("no jaeger (test/tools/jaeger.sh builds it): what it makes of traces is skipped\n");
  return null;
}

/** Starts a Jaeger on loopback whose configuration is kept in `folder`. */
export async function openJaeger(binary: string, folder: string): Promise<Jaeger> {
  const [otlp, page, metrics] = await Promise.all([freePort(), freePort(), freePort()]);
  const file = join(folder, "jaeger.yaml");
  await writeFile(file, stringify(configuration({ otlp, page, metrics })));
  const child = spawn(binary, ["--config", file], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-4_096);
  });
  const ask = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${page}/api/${path}`);
    return answer.ok ? ((await answer.json()) as { readonly data: never }).data : null;
  };
  await untilReady(
    child,
    async () => (await ask("services")) !== undefined,
    () => said,
  );
  return {
    otlp: `http://127.0.0.1:${otlp}`,
    services: async () => ((await ask("services")) as string[] | null) ?? [],
    trace: async (id) => shown((await ask(`traces/${id}`)) as JaegerTrace[] | null),
    find: async (service, operation) => {
      const query = new URLSearchParams({ service, operation, lookback: "1h", limit: `${MOST_TRACES}` });
      const traces = (await ask(`traces?${query}`)) as JaegerTrace[] | null;
      return (traces ?? []).map(({ traceID }) => traceID);
    },
    metrics: async () => (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text(),
    [Symbol.asyncDispose]: () => endProcess(child, "SIGTERM", "Jaeger"),
  };
}

function configuration(ports: Readonly<Record<"otlp" | "page" | "metrics", number>>) {
  const at = (port: number) => ({ endpoint: `127.0.0.1:${port}` });
  return {
    extensions: {
      jaeger_storage: { backends: { kept: { memory: { max_traces: 10_000 } } } },
      jaeger_query: { storage: { traces: "kept" }, http: at(ports.page), grpc: at(0) },
    },
    receivers: { otlp: { protocols: { http: at(ports.otlp) } } },
    exporters: {
      jaeger_storage_exporter: { trace_storage: "kept" },
      prometheus: at(ports.metrics),
    },
    service: {
      extensions: ["jaeger_storage", "jaeger_query"],
      telemetry: { metrics: { level: "none" } },
      pipelines: {
        traces: { receivers: ["otlp"], exporters: ["jaeger_storage_exporter"] },
        metrics: { receivers: ["otlp"], exporters: ["prometheus"] },
      },
    },
  };
}

async function untilReady(
  child: ChildProcess,
  isReady: () => Promise<boolean>,
  said: () => string,
): Promise<void> {
  const failed = once(child, "error").then(([cause]) => Promise.reject(cause));
  failed.catch(() => {});
  const until = Date.now() + READY_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`jaeger ended: ${said()}`);
    if (await Promise.race([isReady().catch(() => false), failed])) return;
    if (Date.now() > until) throw new Error(`jaeger is not ready: ${said()}`);
    await pause(LOOK_EVERY_MS);
  }
}

interface JaegerTrace {
  readonly traceID: string;
  readonly spans: readonly {
    readonly spanID: string;
    readonly operationName: string;
    readonly processID: string;
    readonly references: readonly { readonly refType: string; readonly spanID: string }[];
    readonly tags: readonly { readonly key: string; readonly value: unknown }[];
  }[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
}

function shown(traces: readonly JaegerTrace[] | null): ShownSpan[] {
  return (traces ?? []).flatMap(({ spans, processes }) =>
    spans.map(({ spanID, operationName, processID, references, tags }) => ({
      service: processes[processID]?.serviceName ?? "",
      name: operationName,
      spanId: spanID,
      references: references
        .toSorted((a, b) => a.refType.localeCompare(b.refType)) // CHILD_OF before FOLLOWS_FROM
        .map((reference) => reference.spanID),
      tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])),
    })),
  );
}
