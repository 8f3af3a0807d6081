import { gracefully, openWatchdog, type Shutdown } from "../core/index.ts";
import {
  createLogger,
  type Logger,
  openProbes,
  openTelemetry,
  type Telemetry,
  type TelemetryOptions,
} from "../telemetry/index.ts";
import type { Patience } from "./pod/wait-for.ts";
import { openRunSignals } from "./run-signals.ts";

/** How the process of a role is run. */
export interface HowRun {
  /** Seconds that peers may take to be there. */
  readonly wait: number;
  /** `host:port` of metrics and probes; none when left out. */
  readonly metrics?: string;
}

/** What a role works with beside its options. */
interface RoleContext {
  readonly logger: Logger;
  readonly patience: Patience;
  /** The process's two moments, with so much time between them. */
  within(graceMs: number): Shutdown;
  /** Opens what the process tells of itself; closed with it. */
  tell(of: Pick<TelemetryOptions, "run" | "name" | "config">): Promise<Telemetry>;
}

/** Runs a role as a process of its own, with logger, probes, watchdog and signals; resolves when `start` does and all is closed. */
export async function runRole(
  role: string,
  { wait, metrics }: HowRun,
  start: (context: RoleContext) => Promise<void>,
): Promise<void> {
  await using open = new AsyncDisposableStack();
  const probes = open.use(await openProbes(metrics ?? null));
  const logger = createLogger({
    role,
    level: "info",
    destination: "stderr",
    pretty: process.stderr.isTTY,
  });
  using _ = openWatchdog({ say: (what) => logger.warn("watchdog", { what }) });
  using signals = openRunSignals(() => {
    logger.info("stopping");
    probes.health.lacks("stop", "it is stopping");
  });
  const patience = {
    waitMs: 1_000 * wait,
    stop: signals.stop,
    say: (line: string) => logger.info("waiting", { what: line }),
  };
  const within = (graceMs: number) => {
    const { abandon } = gracefully(signals.stop, graceMs);
    return { stop: signals.stop, abandon: AbortSignal.any([abandon, signals.abandon]) };
  };
  const tell: RoleContext["tell"] = async (of) => open.use(await openTelemetry({ ...of, role, probes }));
  await start({ logger, patience, within, tell });
}
