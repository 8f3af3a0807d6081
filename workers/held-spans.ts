import type { FinishedSpan, Traces } from "../telemetry/index.ts";

/** The spans of groups of which nobody has said yet whether they are to be kept. */
export interface HeldSpans {
  /** Takes a group's spans; sends them at once where the group is known to be kept. */
  add(lease: string, spans: readonly FinishedSpan[]): void;
  /** The group is to be kept: what it has, and what is still to come. */
  keep(lease: string): void;
  /** Nothing more comes of the group; what nobody asked to keep is forgotten. */
  end(lease: string): void;
}

/** Most spans that are held; those of the group that has waited longest go first. */
const MOST_SPANS = 8_192;

/** Holds spans for where they are sent. */
export function createHeldSpans(traces: Pick<Traces, "end">, most = MOST_SPANS): HeldSpans {
  const held = new Map<string, FinishedSpan[]>();
  const kept = new Set<string>();
  let count = 0;

  function forget(lease: string): FinishedSpan[] {
    const spans = held.get(lease) ?? [];
    count -= spans.length;
    held.delete(lease);
    return spans;
  }

  return {
    add: (lease, spans) => {
      if (kept.has(lease)) return traces.end(...spans);
      held.set(lease, [...(held.get(lease) ?? []), ...spans]);
      count += spans.length;
      for (const oldest of held.keys()) {
        if (count <= most) break;
        forget(oldest);
      }
    },
    keep: (lease) => {
      kept.add(lease);
      traces.end(...forget(lease));
    },
    end: (lease) => {
      kept.delete(lease);
      forget(lease);
    },
  };
}
