import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { stringify } from "yaml";
import { endProcess } from "./end-process.ts";

/** One series of an answer, with its newest value. */
export interface PrometheusSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What Prometheus says of an alerting rule that it evaluates. */
export interface EvaluatedRule {
  readonly name: string;
  readonly state: "inactive" | "pending" | "firing";
  readonly health: "ok" | "err" | "unknown";
  readonly lastError?: string;
}

/** A real Prometheus server; disposing ends it. */
export interface Prometheus extends AsyncDisposable {
  /** @throws Error with what Prometheus said of the query */
  query(query: string): Promise<PrometheusSeries[]>;
  rules(): Promise<EvaluatedRule[]>;
}

/** What a Prometheus reads, and where it keeps it. */
export interface PrometheusOptions {
  readonly folder: string;
  /** `host:port` of each process with `/metrics`. */
  readonly targets: readonly string[];
  /** Path of a file of rules. */
  readonly rules: string;
}

interface Answer {
  readonly status: "success" | "error";
  // biome-ignore lint/suspicious/noExplicitAny: each path has its own, and a wrong one fails the test.
  readonly data: any;
  readonly error?: string;
}

const NEEDED = ["prometheus", "promtool"];

/** Whether prometheus and promtool are on the PATH. Says so in a printed line when not; fails where they are required. */
export function hasPrometheus(): boolean {
  const missing = NEEDED.filter((name) => spawnSync(name, ["--version"]).status !== 0);
  if (missing.length === 0) return true;
  if (process.env["FLEET_REQUIRE"]?.split(",").includes("prometheus")) {
    throw new Error(`prometheus is required by FLEET_REQUIRE, and not on the PATH: ${missing.join(", ")}`);
  }
  process.stderr.write(
    `no ${missing.join(" and no ")} on the PATH: what Prometheus makes of boards and alerts is skipped\n`,
  );
  return false;
}

/** What promtool says, given `input`; its status is 0 when it finds nothing wrong. */
export function promtool(
  args: readonly string[],
  input = "",
): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync("promtool", args, { encoding: "utf8", input });
  return { status, said: stdout + stderr };
}

/** Starts a server that reads the targets, and evaluates the rules, once a second. */
export async function openPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const config = join(options.folder, "prometheus.yml");
  await writeFile(
    config,
    stringify({
      global: { scrape_interval: "1s", evaluation_interval: "1s" },
      rule_files: [resolve(options.rules)],
      scrape_configs: [{ job_name: "fleet", static_configs: [{ targets: options.targets }] }],
    }),
  );
  const child = spawn(
    "prometheus",
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(options.folder, "prometheus")}`,
      "--web.listen-address=127.0.0.1:0",
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const address = await listening(child);
  const ask = async (path: string) => {
    const answer = await fetch(`http://${address}/api/v1/${path}`);
    const { status, data, error } = (await answer.json()) as Answer;
    if (status !== "success") throw new Error(`prometheus says of ${path}: ${error}`);
    return data;
  };
  return {
    query: async (query) => {
      const { result } = await ask(`query?query=${encodeURIComponent(query)}`);
      return result.map(({ metric, value }: { metric: Record<string, string>; value: [number, string] }) => ({
        labels: metric,
        value: Number(value[1]),
      }));
    },
    rules: async () => {
      const { groups } = await ask("rules");
      return groups.flatMap(({ rules }: { rules: EvaluatedRule[] }) => rules);
    },
    [Symbol.asyncDispose]: () => endProcess(child, "SIGTERM", "Prometheus"),
  };
}

/** The address that a server listens at, which its log names once it does, when it is ready for questions. */
async function listening(child: ChildProcess): Promise<string> {
  const said: string[] = [];
  let address = "";
  // Read to its end: a full pipe would stop the server.
  const lines = createInterface({ input: child.stderr as NodeJS.ReadableStream });
  return await new Promise<string>((done, failed) => {
    child.once("error", failed);
    lines.on("line", (line) => {
      said.push(line);
      address = /msg="Listening on" address=(\S+)/.exec(line)?.[1] ?? address;
      if (address !== "" && line.includes("Server is ready to receive web requests")) done(address);
    });
    child.once("exit", () => failed(new Error(`prometheus ended: ${said.slice(-5).join("\n")}`)));
  });
}
