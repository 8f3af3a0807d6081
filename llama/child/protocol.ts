/**
 * What passes between a process and its child: calls with one reply each, and events from the child. Messages travel
 * by structured clone, so typed arrays arrive as typed arrays.
 *
 * @module
 */
import type { Disposition } from "../../core/index.ts";

/** A child's interface as a type: its calls by name, and the events it sends. */
export interface Protocol {
  readonly calls: object;
  readonly events: object;
}

/** One call of a protocol. */
export interface Call<Request, Reply> {
  readonly request: Request;
  readonly reply: Reply;
}

/** The names of a protocol's calls. */
export type CallName<P extends Protocol> = keyof P["calls"] & string;
/** What a call takes. */
export type RequestOf<P extends Protocol, Name extends CallName<P>> = P["calls"][Name] extends {
  readonly request: infer Request;
}
  ? Request
  : never;
/** What a call answers. */
export type ReplyOf<P extends Protocol, Name extends CallName<P>> = P["calls"][Name] extends {
  readonly reply: infer Reply;
}
  ? Reply
  : never;
/** The names of a protocol's events. */
export type EventName<P extends Protocol> = keyof P["events"] & string;

/** An error as it crosses. */
export interface WireError {
  readonly code: `${string}.${string}`;
  readonly disposition: Disposition;
  readonly message: string;
}

/** Parent to child. */
export interface CallMessage {
  readonly id: number;
  readonly call: string;
  readonly request: unknown;
}

/** Child to parent. */
export type ChildMessage =
  | { readonly kind: "reply"; readonly id: number; readonly reply: unknown }
  | { readonly kind: "error"; readonly id: number; readonly error: WireError }
  | { readonly kind: "event"; readonly event: string; readonly value: unknown };
