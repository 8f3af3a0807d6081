/**
 * Runs an updater with the options given as JSON in the first argument, so that a test can kill it.
 *
 * @module
 */
import { gracefully, terminationSignal } from "../../core/index.ts";
import { runUpdater, type UpdaterOptions } from "../../updater/index.ts";
import { silentLogger } from "./silent-logger.ts";

const options = JSON.parse(process.argv[2] ?? "{}") as Omit<UpdaterOptions, "log">;
await runUpdater({ ...options, log: silentLogger }, gracefully(terminationSignal(), 10_000));
