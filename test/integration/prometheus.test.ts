import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readAlertCases } from "../support/alert-cases.ts";
import { startFleet } from "../support/fleet-command.ts";
import { boardQueries, RULES, readAlerts } from "../support/monitoring.ts";
import { hasPrometheus, openPrometheus, type Prometheus, promtool } from "../support/prometheus.ts";
import { labelsInTemplate } from "../support/promql.ts";
import { openTemporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyInputs, writeTinyRun } from "../support/tiny-run.ts";

/** Of what a healthy run has nothing to tell: such a query must be understood and answered, and may be answered with nothing. */
const OF_FAULTS = ["Rejected", "Failed", "Failed, as the workers say"];
const ANSWER_MS = 60_000;

describe.skipIf(!hasPrometheus())("a Prometheus", () => {
  it("finds no fault with the alerts, each of which fires when it should and not when it should not", async () => {
    await using folder = await openTemporaryFolder();
    const cases = await readAlertCases();
    const names = readAlerts()
      .map(({ alert }) => alert)
      .sort();
    await writeFile(folder.file("cases.yaml"), cases.file);

    expect(promtool(["check", "rules", RULES])).toMatchObject({ status: 0 });
    expect(promtool(["test", "rules", folder.file("cases.yaml")])).toEqual({
      status: 0,
      said: expect.stringContaining("SUCCESS"),
    });
    expect(cases.firing).toEqual(names);
    expect(cases.silent).toEqual(names);
  });

  it("reads every process of a run, answers every query of every board, and raises no alarm", async () => {
    await using folder = await openTemporaryFolder();
    const runs = folder.file("runs");
    await writeTinyInputs(folder.file("."));
    const file = await writeTinyRun(folder.file("."), "tiny", { steps: 10_000 });
    const command = startFleet("train", file, "--metrics", "--runs", runs, "--run", "r1");
    try {
      await command.printed(/step [1-9]/);
      const { metrics } = JSON.parse(await readFile(join(runs, "r1", "endpoints.json"), "utf8"));
      const targets = Object.values(metrics).map((port) => `127.0.0.1:${port}`);
      await using prometheus = await openPrometheus({ folder: folder.file("."), targets, rules: RULES });

      for (const target of targets) {
        const text = await (await fetch(`http://${target}/metrics`)).text();
        expect(promtool(["check", "metrics"], text)).toEqual({ status: 0, said: "" });
      }
      await expect
        .poll(() => newest(prometheus, "count(fleet_process_ready == 1)"), { timeout: ANSWER_MS })
        .toBe(3);
      for (const asked of boardQueries()) await expectAnswer(prometheus, asked);
      const rules = await prometheus.rules();
      expect(rules.map(({ name }) => name).sort()).toEqual(
        readAlerts()
          .map(({ alert }) => alert)
          .sort(),
      );
      expect(rules.filter(({ health, state }) => health !== "ok" || state === "firing")).toEqual([]);
    } finally {
      command.process.kill("SIGTERM");
      await command.result;
    }
  }, 240_000);
});

/** Polls until a query has a number for an answer, and every label in it that its legend names. */
async function expectAnswer(
  prometheus: Prometheus,
  { board, panel, query, legend }: ReturnType<typeof boardQueries>[number],
): Promise<void> {
  const filled = query.replaceAll("$run", "r1").replaceAll("$window", "15s");
  const name = `${board}: ${panel}: ${legend}`;
  if (OF_FAULTS.includes(panel)) {
    await prometheus.query(filled);
    return;
  }
  const answer = () => prometheus.query(filled);
  const finite = async () => (await answer()).filter(({ value }) => Number.isFinite(value));
  await expect
    .poll(async () => (await finite()).length, { message: name, timeout: ANSWER_MS })
    .toBeGreaterThan(0);
  const [first] = await finite();
  expect(
    labelsInTemplate(legend).filter((label) => first?.labels[label] === undefined),
    name,
  ).toEqual([]);
}

async function newest(prometheus: Prometheus, query: string): Promise<number> {
  return (await prometheus.query(query))[0]?.value ?? 0;
}
