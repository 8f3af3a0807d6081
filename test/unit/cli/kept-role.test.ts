import { describe, expect, it } from "vitest";
import { exitCodeOf } from "../../../cli/exit.ts";
import { keepRole } from "../../../cli/local/kept-role.ts";
import type { Exit, RoleProcess } from "../../../cli/local/role-process.ts";

const died: Exit = { code: 1, signal: null, lastWords: "the engine is gone" };
const done: Exit = { code: 0, signal: null, lastWords: null };

/**
 * A role whose processes end one after the other as `exits` says, each after `livesMs`; the one after the last runs
 * until it is stopped.
 */
function roleThat({ exits, livesMs = 0 }: { exits: readonly Exit[]; livesMs?: number }) {
  const calls: string[] = [];
  let nowMs = 0;
  const start = (restart: number): RoleProcess => {
    calls.push(`start ${restart}`);
    const end = Promise.withResolvers<Exit>();
    const exit = exits[restart];
    if (exit !== undefined) end.resolve(exit);
    return {
      name: "worker-0",
      pid: 1,
      get exited() {
        nowMs += livesMs;
        return end.promise;
      },
      stop: async () => {
        calls.push("stop");
        end.resolve(done);
        return end.promise;
      },
      kill: () => {
        calls.push("kill");
        end.resolve({ code: null, signal: "SIGKILL", lastWords: null });
      },
    };
  };
  const role = keepRole("worker-0", start, (_, exit) => calls.push(`died ${exit.code ?? exit.signal}`), {
    clock: { monotonicMs: () => nowMs, wallMs: () => 0 },
    pause: async (ms) => {
      calls.push(`wait ${ms}`);
    },
  });
  return { role, calls };
}

describe("a role that is kept", () => {
  it("is over when it ends by itself in order", async () => {
    const { role, calls } = roleThat({ exits: [done] });

    await role.ended;

    expect(calls).toEqual(["start 0"]);
    expect(role.restarts).toBe(0);
  });

  it("is started again when it dies, after delays that double", async () => {
    const killed: Exit = { code: null, signal: "SIGKILL", lastWords: null };
    const { role, calls } = roleThat({ exits: [died, killed, died, done] });

    await role.ended;

    expect(calls.filter((call) => call.startsWith("wait"))).toEqual(["wait 500", "wait 1000", "wait 2000"]);
    expect(calls.slice(0, 6)).toEqual([
      "start 0",
      "died 1",
      "wait 500",
      "start 1",
      "died SIGKILL",
      "wait 1000",
    ]);
    expect(role.restarts).toBe(3);
  });

  it("is given up after five deaths in a row, with what it said last", async () => {
    const { role, calls } = roleThat({ exits: Array.from({ length: 9 }, () => died) });

    await expect(role.ended).rejects.toThrow(
      "worker-0 died 5 times in a row, the last time with exit code 1: the engine is gone",
    );

    expect(calls.filter((call) => call.startsWith("start"))).toHaveLength(5);
    expect(exitCodeOf(await role.ended.catch((error: unknown) => error))).toBe(1);
  });

  it("is forgiven its deaths when it ran for long between them", async () => {
    const exits = [...Array.from({ length: 9 }, () => died), done];
    const { role, calls } = roleThat({ exits, livesMs: 31_000 });

    await role.ended;

    expect(calls.filter((call) => call.startsWith("wait"))).toEqual(
      Array.from({ length: 9 }, () => "wait 500"),
    );
  });

  it.each([
    [2, "the user's mistake", 2],
    [3, "another coordinator took over", 3],
  ])("is given up at once on exit code %i, which is passed on", async (code, lastWords, passedOn) => {
    const { role, calls } = roleThat({ exits: [{ code, signal: null, lastWords }] });

    await expect(role.ended).rejects.toThrow(lastWords);

    expect(calls).toEqual(["start 0"]);
    expect(exitCodeOf(await role.ended.catch((error: unknown) => error))).toBe(passedOn);
  });

  it("is not started again once it is stopped or killed", async () => {
    const stopped = roleThat({ exits: [] });
    const killed = roleThat({ exits: [] });

    await stopped.role.stop(1_000);
    killed.role.kill();
    await Promise.all([stopped.role.ended, killed.role.ended]);

    expect(stopped.calls).toEqual(["start 0", "stop"]);
    expect(killed.calls).toEqual(["start 0", "kill"]);
  });
});
