import { once } from "node:events";
import { describe, expect, it } from "vitest";
import type { PointedPolicy } from "../../../transport/index.ts";
import { followPolicies, type PolicySource } from "../../../workers/index.ts";
import { silentLogger } from "../../support/silent-logger.ts";

const pointed = (version: number, base = "b1"): PointedPolicy => ({ version, adapter: `a${version}`, base });

describe("followPolicies", () => {
  it("tells of each policy that the watch brings", async () => {
    const told = await toldBy({ watch: [pointed(1), pointed(2)], until: 2 });

    expect(told).toEqual([
      { version: 1, adapter: "a1" },
      { version: 2, adapter: "a2" },
    ]);
  });

  it("finds a policy by reading the pointer when the watch has fallen silent", async () => {
    const told = await toldBy({ watch: [], get: async () => pointed(5), until: 1 });

    expect(told).toEqual([{ version: 5, adapter: "a5" }]);
  });

  it("goes on after the pointer could not be read", async () => {
    let reads = 0;
    const get = async () => {
      reads += 1;
      if (reads === 1) throw new Error("no responders");
      return pointed(1);
    };

    expect(await toldBy({ watch: [], get, until: 1 })).toEqual([{ version: 1, adapter: "a1" }]);
  });

  it("refuses a policy of another base", async () => {
    const told = toldBy({ watch: [pointed(1, "b2")], until: 1 });

    await expect(told).rejects.toThrow("policy 1 is of base b2, the run's is b1");
  });
});

/** Follows a source until so many policies were told, and returns them. */
async function toldBy(how: {
  watch: readonly PointedPolicy[];
  get?: PolicySource["get"];
  until: number;
}): Promise<unknown[]> {
  const stop = new AbortController();
  const told: unknown[] = [];
  await followPolicies(
    {
      source: {
        get: how.get ?? (async () => null),
        watch: async function* (signal) {
          yield* how.watch;
          if (!signal.aborted) await once(signal, "abort");
        },
      },
      base: "b1",
      pollMs: 1,
      follow: async (policy) => {
        told.push(policy);
        if (told.length >= how.until) stop.abort();
      },
      logger: silentLogger,
    },
    stop.signal,
  );
  return told;
}
