import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FleetError } from "../../../core/index.ts";
import { type HandleTaskDeps, handleTask } from "../../../workers/index.ts";
import { fakeDelivery } from "../../support/fake-delivery.ts";
import { silentLogger } from "../../support/silent-logger.ts";

describe("handleTask", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("acknowledges only after everything it was granted is settled", async () => {
    const delivery = fakeDelivery();
    const deps = depsThat({
      serve: async () => {
        delivery.calls.push("settled");
        return "served";
      },
    });

    expect(await handleTask(delivery, deps)).toBe("served");
    expect(delivery.calls).toEqual(["settled", "ack"]);
  });

  it("asks for the task and dispatch that the subject names", async () => {
    const asked: unknown[] = [];
    const deps = depsThat({
      lease: async (address) => {
        asked.push(address);
        return { settled: {} };
      },
    });

    await handleTask(fakeDelivery("tasks.run1.eval.q4.t7.3"), deps);

    expect(asked).toEqual([{ lane: "eval", variant: "q4", task: "t7", dispatch: 3 }]);
  });

  it.each([
    { kind: "settled", answer: { settled: {} }, calls: ["ack"] },
    { kind: "held", answer: { held: { retryInMs: 700 } }, calls: ["nak(700)"] },
  ] as const)("generates nothing for a task that is $kind", async ({ kind, answer, calls }) => {
    const delivery = fakeDelivery();
    const deps = depsThat({ lease: async () => answer, serve: () => Promise.reject(new Error("served")) });

    expect(await handleTask(delivery, deps)).toBe(kind);
    expect(delivery.calls).toEqual(calls);
  });

  it("shows signs of life every sixth of the lease's term while it serves, and no longer", async () => {
    const delivery = fakeDelivery();
    const deps = depsThat({ serve: () => new Promise((resolve) => setTimeout(resolve, 350, "served")) });

    const outcome = handleTask(delivery, deps);
    await vi.advanceTimersByTimeAsync(1_000);

    expect(await outcome).toBe("served");
    expect(delivery.calls).toEqual(["working", "working", "working", "ack"]);
  });

  it("hands the delivery back when the coordinator cannot be reached", async () => {
    const delivery = fakeDelivery();
    const deps = depsThat({ lease: () => Promise.reject(new Error("connection reset")) });

    expect(await handleTask(delivery, deps)).toBe("handed-back");
    expect(delivery.calls).toEqual(["nak(50)"]);
  });

  it("leaves the delivery unsettled when an invariant breaks, so another process gets it", async () => {
    class Broken extends FleetError {
      readonly code = "test.broken";
      readonly disposition = "fatal";
    }
    const delivery = fakeDelivery();
    const deps = depsThat({ serve: () => Promise.reject(new Broken("tokenizer mismatch")) });

    await expect(handleTask(delivery, deps)).rejects.toThrow("tokenizer mismatch");
    expect(delivery.calls).toEqual([]);
  });

  it("does not fail when the acknowledgement cannot be sent, since the next lease answers settled", async () => {
    const delivery = {
      ...fakeDelivery(),
      ack: () => {
        throw new Error("connection closed");
      },
    };

    expect(await handleTask(delivery, depsThat({}))).toBe("served");
  });
});

function depsThat(overrides: Partial<HandleTaskDeps>): HandleTaskDeps {
  return {
    lease: async () => ({ granted: { lease: "l1", samples: [], policy: null, termMs: 600 } }),
    serve: async () => "served",
    retryDelayMs: 50,
    logger: silentLogger,
    ...overrides,
  };
}
