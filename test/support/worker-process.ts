import { gracefully, terminationSignal } from "../../core/index.ts";
import { runWorker } from "../../workers/index.ts";
import { silentLogger } from "./silent-logger.ts";

/** What the process is sent: everything of the options that JSON can carry. */
export type WorkerOrder = Omit<Parameters<typeof runWorker>[0], "logger">;

/** What the process says when it ends by itself. */
export interface WorkerMessage {
  readonly failure?: string;
}

process.once("message", async (order: WorkerOrder) => {
  try {
    await runWorker({ ...order, logger: silentLogger }, gracefully(terminationSignal(), 2_000));
  } catch (error) {
    process.send?.({ failure: String(error) } satisfies WorkerMessage);
  }
  process.disconnect();
});
process.once("disconnect", () => process.exit());
