import type { AttributeName, SpanName } from "../names/spans.ts";
import type { SpanAddress } from "./trace.ts";

/** What is said of a span beside its times; left out where it is undefined. */
export type SpanAttributes = Readonly<
  Partial<Record<AttributeName, string | number | boolean | readonly string[] | undefined>>
>;

/** A span that is over. */
export interface FinishedSpan {
  readonly name: SpanName;
  readonly address: SpanAddress;
  /** Null for the root of a trace. */
  readonly parent: SpanAddress | null;
  /** Spans that it follows from, of whichever trace. */
  readonly links?: readonly SpanAddress[];
  /** In milliseconds since the epoch. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: SpanAttributes;
  /** Why what it tells of failed; left out where it did not. */
  readonly error?: string;
}

/** Where a process sends its spans. Nothing happens in it where nobody asks for traces. */
export interface Traces {
  /** Whether somebody asks, so that what is only for them is worth doing. */
  readonly isOn: boolean;
  /** Share of the tasks whose traces are kept whatever becomes of them. */
  readonly share: number;
  /** Whether prompts and completions may be in them. */
  readonly withText: boolean;
  /** Spans that are kept. */
  end(...spans: readonly FinishedSpan[]): void;
}

/** Nobody asks. */
export const noTraces: Traces = { isOn: false, share: 0, withText: false, end: () => {} };
