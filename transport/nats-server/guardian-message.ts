/** What the guardian of a nats-server says to the process that started it. */
export type GuardianMessage =
  | { readonly kind: "spawned"; readonly pid: number }
  | { readonly kind: "ended"; readonly how: string };
