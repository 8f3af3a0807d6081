import { expect, it } from "vitest";
import { withDeadline } from "../../core/index.ts";
import { openPolicyPointer } from "../../transport/index.ts";
import { openTestNats } from "../support/nats.ts";

it("a watch of the policy pointer that is given up while it is being set up ends", async () => {
  await using nats = await openTestNats();
  const pointer = await openPolicyPointer(await nats.link("worker"), nats.run);
  const stop = new AbortController();
  const first = pointer.watch(stop.signal)[Symbol.asyncIterator]().next();

  stop.abort();

  await expect(withDeadline("the watch to end", 10_000, first)).resolves.toEqual({
    done: true,
    value: undefined,
  });
});
