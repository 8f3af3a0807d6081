import { monitorEventLoopDelay } from "node:perf_hooks";
import { type CoordinatorOptions, runCoordinator } from "../../coordinator/index.ts";
import { countBuffersWithHeap, gracefully, terminationSignal } from "../../core/index.ts";
import { silentLogger } from "./silent-logger.ts";

/** What the process is sent: everything of the options that JSON can carry. */
export type CoordinatorOrder = Omit<CoordinatorOptions, "onListening" | "logger">;

/** What the process says. */
export interface CoordinatorMessage {
  readonly port?: number;
  readonly failure?: string;
  readonly isOver?: boolean;
  readonly load?: CoordinatorLoad;
}

/** What serving costs a coordinator's process. */
export interface CoordinatorLoad {
  /** Resident memory, in bytes. */
  readonly residentBytes: number;
  /** The least of it since the last question, as garbage comes and goes. */
  readonly leastResidentBytes: number;
  /** 99th percentile of the event loop's delay since the last question, in milliseconds. */
  readonly delayP99Ms: number;
}

const RESOLUTION_MS = 10;
const LOOK_MS = 1_000;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();
let leastBytes = process.memoryUsage.rss();
setInterval(() => {
  leastBytes = Math.min(leastBytes, process.memoryUsage.rss());
}, LOOK_MS).unref();
const say = (message: CoordinatorMessage) => void process.send?.(message);

process.on("message", (question) => {
  if (question !== "load") return;
  // The histogram is of the times between two looks: what is above their interval is delay.
  const delayP99Ms = delay.percentile(99) / 1e6 - RESOLUTION_MS;
  const residentBytes = process.memoryUsage.rss();
  const load = { residentBytes, leastResidentBytes: leastBytes, delayP99Ms };
  leastBytes = residentBytes;
  delay.reset();
  say({ load });
});
countBuffersWithHeap();
process.once("message", async (order: CoordinatorOrder) => {
  const options = { ...order, onListening: async (port: number) => say({ port }), logger: silentLogger };
  try {
    await runCoordinator(options, gracefully(terminationSignal(), 5_000));
    say({ isOver: true });
  } catch (error) {
    say({ failure: String(error) });
  }
  process.disconnect();
});
process.once("disconnect", () => process.exit());
