import { type Decision, openLedger } from "../../../../coordinator/index.ts";
import { systemClock } from "../../../../core/index.ts";
import { SETTINGS } from "../../../support/ledger-history.ts";
import { createWorld } from "../../../support/ledger-world.ts";
import { below, type FuzzTarget, pickOf, type Random } from "../target.ts";

/** A message of LEDGER, decoded and folded, as a coordinator does when it opens a run. */
export const ledger: FuzzTarget = {
  name: "ledger",
  samples: () => [message(history())],
  lie: (random) => message(lyingHistory(random)),
  read: async (input) => {
    await openLedger(
      {
        lastSequence: () => Promise.resolve(1),
        append: () => Promise.reject(new Error("nothing is to be written")),
        read: async function* () {
          yield { sequence: 1, data: input };
        },
      },
      systemClock,
    );
    return [];
  },
};

let made: readonly Decision[] | undefined;

/** A short run with an evaluation, until its end. */
function history(): readonly Decision[] {
  made ??= makeHistory();
  return made;
}

function makeHistory(): readonly Decision[] {
  const events: Decision[] = [];
  const settings = { ...SETTINGS, steps: 2, evalTasks: 1 };
  const world = createWorld(settings, 4, (event) => events.push(event));
  for (const act of ["lease", "partial", "fail", "silence", "archive", "pause", "resume"] as const)
    world.act(act, 1);
  world.finish();
  return events;
}

function message(events: readonly unknown[]): Uint8Array {
  return Buffer.from(JSON.stringify(events));
}

const STRANGE: readonly unknown[] = [
  ...[null, true, -1, 0.5, 1e9, 2 ** 32, 1e308, "", "\x1b[2J\n", "x".repeat(10_000), [], {}, [null], [[]]],
  ...["__proto__", "constructor", { task: null }, Array.from({ length: 5_000 }, (_, i) => i)],
];

/** Some events come again, in another order, or with a field of another kind. */
function lyingHistory(random: Random): unknown[] {
  const events: unknown[] = structuredClone([...history()]);
  for (let left = 1 + below(random, 3); left > 0; left--) {
    const at = below(random, events.length);
    const event = events[at] as Record<string, unknown>;
    const kind = below(random, 4);
    if (kind === 0) events.splice(at, 0, structuredClone(pickOf(random, events)));
    else if (kind === 1) events.splice(at, 1 + below(random, 3));
    else if (event !== undefined) event[pickOf(random, Object.keys(event))] = pickOf(random, STRANGE);
  }
  return events;
}
