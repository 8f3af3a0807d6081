import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLogger, type LoggerOptions } from "../../../telemetry/index.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fleet-log-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("createLogger", () => {
  it("writes one JSON line an event, with the fields of its parents", async () => {
    const logger = loggerThat({}).child({ run: "r1" }).child({ task: "t1" });

    logger.info("lease granted", { samples: 4 });

    expect(await lines()).toEqual([
      {
        level: "info",
        time: expect.stringMatching(/^\d{4}-.*Z$/),
        role: "worker",
        run: "r1",
        task: "t1",
        samples: 4,
        event: "lease granted",
      },
    ]);
  });

  it("leaves out what is below its level", async () => {
    const logger = loggerThat({ level: "warn" });

    logger.info("quiet");
    logger.warn("loud");

    expect(await lines()).toEqual([expect.objectContaining({ event: "loud" })]);
  });

  it("writes an event that repeats at most ten times in ten seconds, then says how many it left out", async () => {
    let nowMs = 0;
    const logger = loggerThat({ clock: { monotonicMs: () => nowMs, wallMs: () => nowMs } });

    for (let i = 0; i < 25; i++) logger.child({ i }).warn("collect stream broke");
    logger.warn("another event");
    nowMs = 10_000;
    logger.warn("collect stream broke");

    const written = await lines();
    expect(written).toHaveLength(12);
    expect(written.at(-2)).toMatchObject({ event: "another event" });
    expect(written.at(-1)).toMatchObject({ event: "collect stream broke", suppressed: 15 });
  });

  it("writes for a person when asked to, an error with its causes below the line", async () => {
    const logger = loggerThat({ pretty: true });

    logger.error("engine died", {
      device: "cpu",
      error: new Error("exit code 134", { cause: new Error("assertion") }),
    });

    const text = await readFile(join(folder, "logs", "worker.log"), "utf8");
    expect(text).toMatch(
      /^\d\d:\d\d:\d\d error worker {2}engine died {2}device=cpu\n {9}exit code 134.*\n {9}assertion\n$/,
    );
  });
});

function loggerThat(overrides: Partial<LoggerOptions>) {
  return createLogger({
    role: "worker",
    level: "info",
    destination: { file: join(folder, "logs", "worker.log") },
    pretty: false,
    ...overrides,
  });
}

async function lines(): Promise<object[]> {
  const text = await readFile(join(folder, "logs", "worker.log"), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}
