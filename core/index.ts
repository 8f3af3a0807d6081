/**
 * The kernel that every other folder may use: errors, deadlines, shutdown, configuration, random numbers.
 *
 * @module
 */

export { describeBytes } from "./bytes.ts";
export { cacheFolder } from "./cache-folder.ts";
export { type Clock, systemClock } from "./clock.ts";
export { ConfigError, readConfig } from "./config.ts";
export { CRASH_POINTS, type CrashPoint, crashPoint } from "./crash-point.ts";
export { backoffMs, DeadlineError, pause, withDeadline } from "./deadline.ts";
export { renameDurably, writeFileDurably } from "./durable-file.ts";
export { CancelledError, type Disposition, dispositionOf, FleetError, ForeignInputError } from "./errors.ts";
export { countBuffersWithHeap } from "./heap-limits.ts";
export { Instance } from "./instance.ts";
export { nearest } from "./nearest.ts";
export { median, medianRatio } from "./pairs.ts";
export { createRandom, permutation, type RandomKey, randomKey, uniformAt } from "./random.ts";
export { shown } from "./shown.ts";
export { gracefully, type Shutdown, terminationSignal } from "./shutdown.ts";
export { beginWait, longestWaits, underName } from "./waits.ts";
export { openWatchdog } from "./watchdog.ts";
