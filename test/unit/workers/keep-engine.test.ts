import { describe, expect, it } from "vitest";
import { FleetError } from "../../../core/index.ts";
import { keepEngine } from "../../../workers/index.ts";
import { silentLogger } from "../../support/silent-logger.ts";

describe("keepEngine", () => {
  it("opens an engine again after it died, once the dead one is closed", async () => {
    const stop = new AbortController();
    const { log, open } = engines();

    await keepEngine(
      optionsThat({
        open,
        live: async ({ id }) => {
          log.push(`live ${id}`);
          if (id < 3) throw new Error("exit code 134");
          stop.abort();
        },
        advanceMs: 60_000,
      }),
      stop.signal,
    );

    expect(log).toEqual([
      "open 1",
      "live 1",
      "close 1",
      "open 2",
      "live 2",
      "close 2",
      "open 3",
      "live 3",
      "close 3",
    ]);
  });

  it("gives up at the third death within a minute, with the last reason", async () => {
    const { log, open } = engines();
    const options = optionsThat({
      open,
      live: async () => {
        throw new Error("exit code 134");
      },
      advanceMs: 29_000,
    });

    await expect(keepEngine(options, new AbortController().signal)).rejects.toThrow(
      "the engine died 3 times within a minute, last: exit code 134",
    );
    expect(log.at(-1)).toBe("close 3");
  });

  it("does not try a model again that can never be loaded", async () => {
    class WrongModel extends FleetError {
      readonly code = "test.wrong_model";
      readonly disposition = "reject";
    }
    let opened = 0;
    const options = optionsThat({
      open: async () => {
        opened += 1;
        throw new WrongModel("m.gguf is no GGUF file");
      },
    });

    await expect(keepEngine(options, new AbortController().signal)).rejects.toThrow("m.gguf is no GGUF file");
    expect(opened).toBe(1);
  });
});

interface FakeEngine extends AsyncDisposable {
  readonly id: number;
}

function optionsThat(how: {
  open: () => Promise<FakeEngine>;
  live?: (engine: FakeEngine) => Promise<void>;
  advanceMs?: number;
}) {
  let nowMs = 0;
  return {
    open: how.open,
    live: how.live ?? (async () => {}),
    restart: { firstMs: 0, mostMs: 0 },
    clock: {
      monotonicMs: () => {
        nowMs += how.advanceMs ?? 0;
        return nowMs;
      },
      wallMs: () => 0,
    },
    logger: silentLogger,
  };
}

function engines() {
  const log: string[] = [];
  let last = 0;
  const open = async (): Promise<FakeEngine> => {
    last += 1;
    const id = last;
    log.push(`open ${id}`);
    return { id, [Symbol.asyncDispose]: async () => void log.push(`close ${id}`) };
  };
  return { log, open };
}
