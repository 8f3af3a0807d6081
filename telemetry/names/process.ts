import { counter, gauge } from "./metric.ts";

/** Metrics of every process. */
export const PROCESS_METRICS = {
  "fleet.process.event_loop.delay.seconds": gauge(
    "s",
    ["statistic"],
    "Delay of the event loop since the last look, above the interval that it is measured in: median, p99 or max.",
  ),
  "fleet.process.memory.bytes": gauge(
    "By",
    ["kind"],
    "Memory: resident, heap, external, or resident in child processes such as the engine.",
  ),
  "fleet.process.cpu.seconds": counter(
    "s",
    ["mode"],
    "Processor time of this process, without its children: user or system.",
  ),
  "fleet.process.wait.seconds": gauge(
    "s",
    [],
    "What this process has waited for longest has lasted for so long.",
  ),
  "fleet.process.ready": gauge("1", [], "1 while /readyz answers 200; else 0."),
};
