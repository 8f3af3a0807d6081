import { createLogUpdate } from "log-update";
import { duration } from "./duration.ts";
import { barOf } from "./histogram.ts";
import { decimal, percent } from "./numbers.ts";
import { wrap } from "./visible.ts";

const BAR = 24;
const REDRAW_MS = 100;

/** How far the scoring of a file is. */
export interface ScoringState {
  /** Of the file, 0 … 1; null when its size is not known. */
  readonly share: number | null;
  readonly replies: number;
  readonly meanReward: number;
  readonly seconds: number;
}

/** A progress bar that owns a terminal's last line. Disposing takes it away. */
export interface ScoringProgress extends Disposable {
  show(state: ScoringState): void;
  /** Writes a line above the bar. */
  say(words: string): void;
}

/** Bar, share, replies, mean reward, speed and time left, in one line of at most `columns`. */
export function scoringLine({ share, replies, meanReward, seconds }: ScoringState, columns: number): string {
  const parts = share === null ? [] : [`${barOf(share, BAR).padEnd(BAR, "░")} ${percent(share, 0)}`];
  parts.push(`${replies} replies`, `mean ${decimal(meanReward, 3)}`);
  if (seconds > 0) parts.push(`${Math.round(replies / seconds)}/s`);
  if (share !== null && share > 0 && share < 1) {
    parts.push(`${duration((seconds * (1 - share)) / share)} left`);
  }
  return wrap(parts.join("  "), Math.max(1, columns))[0] as string;
}

/** Opens a progress bar on `stream`; where that is no terminal, or `quiet`, only what is said is written. */
export function openScoringProgress(stream: NodeJS.WriteStream, quiet: boolean): ScoringProgress {
  if (quiet || !stream.isTTY) {
    return { show: () => {}, say: (words) => void stream.write(`${words}\n`), [Symbol.dispose]: () => {} };
  }
  const live = createLogUpdate(stream);
  let line = "";
  let drawn = Number.NEGATIVE_INFINITY;
  return {
    show: (state) => {
      line = scoringLine(state, stream.columns - 1);
      const now = performance.now();
      if (now - drawn < REDRAW_MS) return;
      drawn = now;
      live(line);
    },
    say: (words) => {
      live.clear();
      stream.write(`${words}\n`);
      live(line);
    },
    [Symbol.dispose]: () => {
      live.clear();
      live.done();
    },
  };
}
