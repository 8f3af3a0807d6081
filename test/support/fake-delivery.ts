import type { Delivery } from "../../workers/index.ts";

/** A delivery that writes down what was done to it, in order. */
export function fakeDelivery(
  subject = "tasks.run1.train.base.t1.0",
  data: Uint8Array = new Uint8Array(),
): Delivery & { readonly calls: string[] } {
  const calls: string[] = [];
  return {
    calls,
    subject,
    data,
    traceparent: "",
    ack: () => void calls.push("ack"),
    nak: (delayMs) => void calls.push(`nak(${delayMs ?? ""})`),
    working: () => void calls.push("working"),
  };
}
