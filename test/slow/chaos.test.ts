import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeTinyInputs } from "../support/tiny-run.ts";
import { runRound } from "./chaos/round.ts";
import { scheduleOf } from "./chaos/schedule.ts";

const SEED = 7;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fleet-chaos-"));
  await writeTinyInputs(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

describe(`nothing is lost when processes are killed and stopped at random, seed ${SEED}`, () => {
  it.each([1, 2, 3])("round %i", async (round) => {
    const { problems, story } = await runRound(folder, `round-${round}`, scheduleOf(SEED, round));

    expect(problems, story.join("\n")).toEqual([]);
  });
});

it("does the same in the same round of the same seed, and something else in another", () => {
  expect(scheduleOf(1, 2)).toEqual(scheduleOf(1, 2));
  expect(scheduleOf(1, 3)).not.toEqual(scheduleOf(1, 2));
  expect(scheduleOf(2, 2)).not.toEqual(scheduleOf(1, 2));
});
