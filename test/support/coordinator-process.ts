import { type CoordinatorOptions, runCoordinator } from "../../coordinator/index.ts";
import { gracefully, terminationSignal } from "../../core/index.ts";
import { silentLogger } from "./silent-logger.ts";

/** What the process is sent: everything of the options that JSON can carry. */
export type CoordinatorOrder = Omit<CoordinatorOptions, "onListening" | "logger">;

/** What the process says. */
export interface CoordinatorMessage {
  readonly port?: number;
  readonly failure?: string;
  readonly isOver?: boolean;
}

const say = (message: CoordinatorMessage) => void process.send?.(message);

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
