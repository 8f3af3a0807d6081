import { describe, expect, it } from "vitest";
import { createAdapterShelf, createPolicyGate } from "../../../workers/index.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { turn } from "../../support/turn.ts";

const running = new AbortController().signal;
const training = (version: number) => ({ exact: false, policy: policy(version) });
const evaluation = (version: number) => ({ exact: true, policy: policy(version) });

describe("createPolicyGate", () => {
  it("fetches, loads and activates what a group asks for before it enters, and frees the one before", async () => {
    const { gate, log } = gateThat({});

    using first = await gate.admit(training(1), running);
    using second = await gate.admit(training(2), running);

    expect([first.policy, second.policy]).toEqual([policy(1), policy(2)]);
    expect(log).toEqual([
      ...["fetch a1", "load a1", "activate 1 keep"],
      ...["fetch a2", "load a2", "activate 2 keep", "drop a1"],
    ]);
  });

  it("never lets an evaluation group's policy change while it runs", async () => {
    const { gate, log } = gateThat({});
    const evaluated = await gate.admit(evaluation(1), running);
    using _trained = await gate.admit(training(1), running);

    await gate.follow(policy(2));
    expect(log).not.toContain("activate 2 keep");
    evaluated[Symbol.dispose]();
    await settle();

    expect(log).toContain("activate 2 keep");
    expect(gate.active).toEqual(policy(2));
  });

  it("evaluates a version while newer training waits, then goes on with training", async () => {
    const { gate } = gateThat({});
    const trained = await gate.admit(training(2), running);
    const order: string[] = [];

    const evaluated = gate.admit(evaluation(1), running).then((admission) => {
      order.push(`evaluate under ${gate.active?.version}`);
      return admission;
    });
    const trainedAgain = gate.admit(training(2), running).then((admission) => {
      order.push(`train under ${gate.active?.version}`);
      return admission;
    });
    await settle();
    expect(order).toEqual([]);
    trained[Symbol.dispose]();
    (await evaluated)[Symbol.dispose]();
    await trainedAgain;

    expect(order).toEqual(["evaluate under 1", "train under 2"]);
  });

  it("follows a new policy under running training as configured", async () => {
    const { gate, log } = gateThat({ onPolicyUpdate: "recompute" });
    using _trained = await gate.admit(training(1), running);

    await gate.follow(policy(2));

    expect(log.slice(-2)).toEqual(["activate 2 recompute", "drop a1"]);
  });

  it("keeps no adapters of policies that came and went while it was idle", async () => {
    const { gate, log } = gateThat({});

    await gate.follow(policy(1));
    await gate.follow(policy(2));

    expect(log).toEqual(["fetch a1", "load a1", "fetch a2", "load a2", "drop a1"]);
  });

  it("says of a policy that it is loaded while nothing runs, and of one that cannot be had nothing", async () => {
    const { gate, log, seen } = gateThat({ missing: ["a2"] });

    await gate.follow(policy(1));
    await gate.follow(policy(2));

    expect(log).not.toContain("fetch a2");
    expect(seen.loaded).toBe(1);
  });

  it("refuses a group whose policy cannot be had, rather than serve another one", async () => {
    const { gate, log } = gateThat({ missing: ["a2"] });
    using _trained = await gate.admit(training(1), running);

    await expect(gate.admit(training(2), running)).rejects.toThrow("no object a2");

    expect(gate.active).toEqual(policy(1));
    expect(log).not.toContain("activate 2 keep");
  });

  it("tries a policy again that could not be had before", async () => {
    const missing = ["a1"];
    const { gate } = gateThat({ missing });
    await expect(gate.admit(training(1), running)).rejects.toThrow("no object a1");

    missing.pop();
    using admission = await gate.admit(training(1), running);

    expect(admission.policy).toEqual(policy(1));
  });

  it("gives up when running groups do not end in time", async () => {
    const { gate } = gateThat({ waitMs: 20 });
    using _trained = await gate.admit(training(2), running);

    await expect(gate.admit(evaluation(1), running)).rejects.toThrow(
      "waited 20 ms for running groups to end, so that policy 1 can be sampled",
    );
  });

  it("stops waiting when the group is no longer wanted", async () => {
    const { gate } = gateThat({});
    using _trained = await gate.admit(training(2), running);
    const lost = new AbortController();
    const waiting = gate.admit(evaluation(1), lost.signal);

    await settle();
    lost.abort();

    await expect(waiting).rejects.toMatchObject({ disposition: "cancelled" });
  });

  it("loads an adapter out of what is still under way, once, and keeps it until it is a policy's", async () => {
    const { gate, log } = gateThat({});
    using _first = await gate.admit(training(1), running);
    const rest = Promise.withResolvers<void>();

    const expected = gate.expect("a2", arriving(rest.promise));
    const followed = gate.follow(policy(2));
    await settle();
    expect(log).toEqual(["fetch a1", "load a1", "activate 1 keep"]);
    rest.resolve();
    await Promise.all([expected, followed]);

    expect(log.slice(3)).toEqual(["load a2", "activate 2 keep", "drop a1"]);
  });

  it("keeps one expected adapter that is no policy's yet, and frees it when another is expected", async () => {
    const { gate, log } = gateThat({});
    await gate.expect("a2", arriving());

    using _first = await gate.admit(training(1), running);
    expect(log).not.toContain("drop a2");
    await gate.expect("a3", arriving());
    using _second = await gate.admit(training(4), running);

    expect(log.slice(-3)).toEqual(["activate 4 keep", "drop a2", "drop a1"]);
  });

  it("fetches an adapter whose upload was cut short when its policy comes", async () => {
    const { gate, log } = gateThat({});
    using _first = await gate.admit(training(1), running);
    const rest = Promise.withResolvers<void>();

    const expected = gate.expect("a2", arriving(rest.promise));
    const followed = gate.follow(policy(2));
    rest.reject(new Error("cut short"));
    await expect(expected).rejects.toThrow("cut short");
    await followed;

    expect(log.slice(3)).toEqual(["fetch a2", "load a2", "activate 2 keep", "drop a1"]);
  });

  it("stops the worker when one version names two adapters", async () => {
    const { gate } = gateThat({});
    using _trained = await gate.admit(training(1), running);

    await expect(gate.follow({ version: 1, adapter: "other" })).rejects.toMatchObject({
      disposition: "fatal",
    });
    await expect(
      gate.admit({ exact: false, policy: { version: 1, adapter: "other" } }, running),
    ).rejects.toMatchObject({ code: "workers.policy_conflict" });
  });
});

function policy(version: number) {
  return { version, adapter: version === 0 ? "" : `a${version}` };
}

/** Bytes of which the last come late. */
async function* arriving(rest: Promise<void> = Promise.resolve()): AsyncGenerator<Uint8Array> {
  yield new Uint8Array();
  await rest;
}

/** A gate before an engine that writes down what is done to it. */
function gateThat(how: {
  onPolicyUpdate?: "keep" | "recompute" | "drain";
  waitMs?: number;
  missing?: readonly string[];
}) {
  const log: string[] = [];
  const seen = { loaded: 0 };
  const shelf = createAdapterShelf(
    {
      loadAdapter: async (adapter, gguf) => {
        await Array.fromAsync(gguf as AsyncIterable<Uint8Array>);
        log.push(`load ${adapter}`);
      },
      dropAdapter: async (adapter) => void log.push(`drop ${adapter}`),
    },
    async function* (adapter) {
      if (how.missing?.includes(adapter)) throw new Error(`no object ${adapter}`);
      log.push(`fetch ${adapter}`);
      yield new Uint8Array();
    },
  );
  const gate = createPolicyGate({
    engine: { activate: async ({ version }, mode) => void log.push(`activate ${version} ${mode}`) },
    shelf,
    onPolicyUpdate: how.onPolicyUpdate ?? "keep",
    waitMs: how.waitMs ?? 10_000,
    logger: silentLogger,
    onLoaded: () => {
      seen.loaded++;
    },
  });
  return { gate, log, seen };
}

async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await turn();
}
