import { DeadlineError, dispositionOf, pause, withDeadline } from "../../core/index.ts";
import { type NatsLinkOptions, openNats, openPolicyPointer } from "../../transport/index.ts";
import type { Patience } from "./wait-for.ts";

const LOOK_MS = 500;

/**
 * Waits until a leaf reaches the JetStream domain of a run: the leaf may listen before its link to the hub is up.
 *
 * @throws {DeadlineError} with what was answered last
 * @throws {CancelledError} when `stop` aborts
 * @throws {NatsUnusableError} when the leaf refuses the user
 */
export async function waitForDomain(
  run: string,
  leaf: NatsLinkOptions & { readonly domain: string },
  { waitMs, stop, say }: Patience,
): Promise<void> {
  const what = `the JetStream domain ${leaf.domain} behind nats-server at ${leaf.url}`;
  const seconds = Math.round(waitMs / 1_000);
  await using nats = await openNats(leaf);
  const over = new AbortController();
  let last = "";
  const answering = async () => {
    const pointer = await openPolicyPointer(nats, run);
    while (!over.signal.aborted) {
      const failure = await pointer.get().then(
        () => null,
        (error: Error) => error,
      );
      if (failure === null) return;
      if (dispositionOf(failure) !== "retry") throw failure;
      if (last === "") say(`waiting for ${what}, for ${seconds} s at most`);
      last = failure.message;
      await pause(LOOK_MS, over.signal);
    }
  };
  try {
    await withDeadline(what, waitMs, answering(), stop);
  } catch (cause) {
    if (!(cause instanceof DeadlineError)) throw cause;
    throw new DeadlineError(`waited ${seconds} s for ${what}: ${last}`, { cause });
  } finally {
    over.abort();
  }
}
