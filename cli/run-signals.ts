import { CancelledError } from "../core/index.ts";
import type { RunSignals } from "./local/index.ts";

/** The two signals of a command that runs for long, and their end. */
export interface OpenRunSignals extends RunSignals, Disposable {}

/**
 * First SIGINT or SIGTERM: `stop`. Second: `abandon`. When the process that started this one is gone (its channel
 * closes), both follow at once.
 *
 * @param onStop - told when `stop` begins, to say so
 */
export function openRunSignals(onStop: () => void): OpenRunSignals {
  const stop = new AbortController();
  const abandon = new AbortController();
  const onSignal = (name: string) => {
    if (stop.signal.aborted) {
      abandon.abort(new CancelledError(`received ${name} twice`));
    } else {
      stop.abort(new CancelledError(`received ${name}`));
      onStop();
    }
  };
  const onDisconnect = () => {
    stop.abort(new CancelledError("the process that started this one is gone"));
    abandon.abort(stop.signal.reason);
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal).on("disconnect", onDisconnect);
  if (process.connected === false) onDisconnect(); // It was gone before anybody listened here.
  return {
    stop: stop.signal,
    abandon: abandon.signal,
    [Symbol.dispose]: () => {
      process.off("SIGINT", onSignal).off("SIGTERM", onSignal).off("disconnect", onDisconnect);
    },
  };
}
