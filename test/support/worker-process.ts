import { countBuffersWithHeap, gracefully, terminationSignal } from "../../core/index.ts";
import type { Logger } from "../../telemetry/index.ts";
import { runWorker } from "../../workers/index.ts";
import { silentLogger } from "./silent-logger.ts";

/** What the process is sent: everything of the options that JSON can carry. */
export type WorkerOrder = Omit<Parameters<typeof runWorker>[0], "logger">;

/** What the process says: the version of the policy that became active, or why it ended by itself. */
export interface WorkerMessage {
  readonly active?: number;
  readonly failure?: string;
}

const tell = (message: WorkerMessage) => void process.send?.(message);
const logger: Logger = {
  ...silentLogger,
  info(event, fields) {
    if (event === "policy active") tell({ active: Number(fields?.["version"]) });
  },
  child: () => logger,
};

countBuffersWithHeap();
process.once("message", async (order: WorkerOrder) => {
  try {
    await runWorker({ ...order, logger }, gracefully(terminationSignal(), 2_000));
  } catch (error) {
    tell({ failure: String(error) });
  }
  process.disconnect();
});
process.once("disconnect", () => process.exit());
