/**
 * Looks after this process from inside: names a wait that outlived its deadline, and an event loop that stood still.
 *
 * @module
 */
import { type BegunWait, begunWaits } from "./waits.ts";

/** What a watchdog is told. Times in milliseconds. */
export interface WatchdogOptions {
  /** Gets one sentence at a time. */
  readonly say: (sentence: string) => void;
  /** From one look to the next. */
  readonly everyMs?: number;
  /** A wait is named when its deadline is over for this long. */
  readonly marginMs?: number;
  /** The event loop is named when it stood still for this long. */
  readonly blockedMs?: number;
  /** A wait that was named is named again after this time. */
  readonly againMs?: number;
}

/** How finely the event loop is measured. */
const BEAT_MS = 500;
/** Waits that one sentence names. */
const NAMED_AT_ONCE = 3;

/**
 * Looks every few seconds until it is disposed; it keeps no process alive. What it says of one wait, or of the event
 * loop, it says once a minute at most.
 */
export function openWatchdog(options: WatchdogOptions): Disposable {
  const { say, everyMs = 5_000, marginMs = 5_000, blockedMs = 2_000, againMs = 60_000 } = options;
  const beatMs = Math.min(BEAT_MS, everyMs);
  const namedAtMs = new WeakMap<BegunWait, number>();
  let beatAtMs = performance.now();
  let lookedAtMs = beatAtMs;
  let saidStillAtMs = Number.NEGATIVE_INFINITY;

  function beat(): void {
    const nowMs = performance.now();
    const stillMs = nowMs - beatAtMs - beatMs;
    beatAtMs = nowMs;
    if (stillMs >= blockedMs) {
      lookedAtMs = nowMs; // Waits that were over while nothing ran end now.
      standingStill(nowMs, stillMs);
    } else if (nowMs - lookedAtMs >= everyMs) {
      lookedAtMs = nowMs;
      look(nowMs);
    }
  }

  function standingStill(nowMs: number, stillMs: number): void {
    if (nowMs - saidStillAtMs < againMs) return;
    saidStillAtMs = nowMs;
    say(`this process stood still for ${seconds(stillMs)}: nothing in it could be answered`);
  }

  function look(nowMs: number): void {
    const late = overstayed(begunWaits(), nowMs, marginMs).filter(
      (wait) => nowMs - (namedAtMs.get(wait) ?? Number.NEGATIVE_INFINITY) >= againMs,
    );
    for (const wait of late) namedAtMs.set(wait, nowMs);
    if (late.length > 0) say(sentenceAbout(late, nowMs));
  }

  const timer = setInterval(beat, beatMs).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** The waits whose deadline is over for more than `marginMs`, oldest first. */
export function overstayed(waits: Iterable<BegunWait>, nowMs: number, marginMs: number): BegunWait[] {
  return [...waits].filter(({ sinceMs, deadlineMs }) => nowMs - sinceMs > deadlineMs + marginMs);
}

function sentenceAbout(late: readonly BegunWait[], nowMs: number): string {
  const named = late
    .slice(0, NAMED_AT_ONCE)
    .map(
      ({ name, sinceMs, deadlineMs }) =>
        `${name} (for ${seconds(nowMs - sinceMs)} where ${seconds(deadlineMs)} are allowed)`,
    );
  const more = late.length > named.length ? ` and ${late.length - named.length} more` : "";
  return `still waiting for ${named.join(", ")}${more}: what should have ended this did not`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
