import { readFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { longestWaits } from "../core/index.ts";
import type { HealthReport } from "./health.ts";
import type { Metrics } from "./metrics.ts";

/** How finely the event loop is measured: at every look the process wakes up. */
const RESOLUTION_MS = 100;
/** In percent, by what they are called. */
const PERCENTILES = { median: 50, p99: 99, max: 100 };
const PAGE_BYTES = 4_096;

/** Tells of this process itself: its event loop, memory, processor time and longest wait. */
export function observeProcess(metrics: Metrics, health: Pick<HealthReport, "readiness">): void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  metrics.observe("fleet.process.event_loop.delay.seconds", (tell) => {
    // The histogram is of the times between two looks: what is above their interval is delay.
    for (const [statistic, percent] of Object.entries(PERCENTILES)) {
      const ms = delay.percentile(percent) / 1e6 - RESOLUTION_MS;
      tell(Math.max(0, ms) / 1_000, { statistic });
    }
    delay.reset();
  });
  metrics.observe("fleet.process.memory.bytes", (tell) => {
    const { rss, heapUsed, external } = process.memoryUsage();
    tell(rss, { kind: "resident" });
    tell(heapUsed, { kind: "heap" });
    tell(external, { kind: "external" });
    tell(childrenBytes(), { kind: "children" });
  });
  metrics.observe("fleet.process.cpu.seconds", (tell) => {
    const { user, system } = process.cpuUsage();
    tell(user / 1e6, { mode: "user" });
    tell(system / 1e6, { mode: "system" });
  });
  metrics.observe("fleet.process.wait.seconds", (tell) => tell((longestWaits(1)[0]?.ms ?? 0) / 1_000, {}));
  metrics.observe("fleet.process.ready", (tell) => tell(health.readiness === null ? 1 : 0, {}));
}

/** Resident memory of the processes that this one started. */
function childrenBytes(): number {
  const pids = read(`/proc/self/task/${process.pid}/children`).split(" ").filter(Boolean);
  return pids.reduce(
    (sum, pid) => sum + PAGE_BYTES * Number(read(`/proc/${pid}/statm`).split(" ")[1] ?? 0),
    0,
  );
}

/** "" where it is gone. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}
