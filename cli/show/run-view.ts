import { createLogUpdate } from "log-update";
import type { RunView } from "../local/index.ts";
import { progressLine } from "./progress-line.ts";

/** A view that owns the terminal's last line. */
export interface OpenRunView extends RunView, Disposable {}

/**
 * Shows a run on `stream`: one line that is redrawn on a terminal, one line a step elsewhere. Disposing leaves the
 * last line standing.
 */
export function openRunView(stream: NodeJS.WriteStream): OpenRunView {
  return stream.isTTY ? openLiveView(stream) : openPlainView(stream);
}

function openLiveView(stream: NodeJS.WriteStream): OpenRunView {
  const live = createLogUpdate(stream);
  let line = "starting";
  live(line);
  return {
    say: (words) => {
      live.clear();
      stream.write(`${words}\n`);
      live(line);
    },
    show: (status) => {
      line = progressLine(status);
      live(line);
    },
    [Symbol.dispose]: () => live.done(),
  };
}

function openPlainView(stream: NodeJS.WriteStream): OpenRunView {
  let shown = "";
  return {
    say: (words) => void stream.write(`${words}\n`),
    show: (status) => {
      const key = `${status.step} ${status.state}`;
      if (key === shown) return;
      shown = key;
      stream.write(`${progressLine(status)}\n`);
    },
    [Symbol.dispose]: () => {},
  };
}
