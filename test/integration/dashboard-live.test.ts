import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readArchive, type Summary } from "../../coordinator/index.ts";
import { short } from "../../dashboard/numbers.ts";
import { findChromium, openChromium, openPage } from "../support/chromium.ts";
import { type FleetCommand, startFleet } from "../support/fleet-command.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyInputs, writeTinyRun } from "../support/tiny-run.ts";

const MINUTES_MS = 60_000;
const LINK = /http:\/\/127\.0\.0\.1:\d+\/#link=\S+/;

const chromium = findChromium();

describe.skipIf(chromium === null)("the dashboard of a run", () => {
  let folder: TemporaryFolder;
  let browser: Browser;
  beforeAll(async () => {
    folder = await openTemporaryFolder();
    await writeTinyInputs(folder.file("."));
    browser = await openChromium(chromium ?? "");
  });
  afterAll(async () => {
    await browser.close();
    await folder[Symbol.asyncDispose]();
  });

  it(
    "follows it while it runs, rollouts that are not archived yet among them, and shows the same when it is over",
    async () => {
      const file = await writeTinyRun(folder.file("."), "live", { steps: 400 });
      const runs = folder.file("runs");
      const training = startFleet("train", file, "--runs", runs, "--run", "live");
      const link = await linkOf(training);
      const { page, context, complaints } = await openPage(browser);
      await page.goto(link);

      const early = await stepAfter(page, 0);
      const later = await stepAfter(page, early);
      await page.goto(`${new URL(link).origin}/#/rollouts?sort=sequence&order=asc`);
      await page.getByText(/[1-9]\d* of \d+ rollouts/).waitFor();
      const archived = await readdir(join(runs, "live", "archive", "rollouts"));
      await page.getByRole("button", { name: / new$/ }).waitFor();
      const first = await page.locator("table.rollouts tbody tr").first().textContent();
      await page.goto(`${new URL(link).origin}/#/fleet`);
      await page.getByRole("cell", { name: "worker-0" }).first().waitFor();
      training.process.kill("SIGTERM");
      await page.getByText("not connected").waitFor();
      const { code, stderr } = await training.result;

      expect(later).toBeGreaterThan(early);
      expect(archived).toEqual([]);
      expect(complaints.filter((complaint) => !/ERR_|Failed to load/.test(complaint))).toEqual([]);
      expect(code, stderr).toBe(0);
      await context.close();
      await showsTheSame(runs, first);
    },
    3 * MINUTES_MS,
  );

  it(
    "tells a page that is open how it ended, with the last step's figures",
    async () => {
      const file = await writeTinyRun(folder.file("."), "ending", { steps: 100 });
      const runs = folder.file("runs");
      const training = startFleet("train", file, "--runs", runs, "--run", "ending");
      const { page, context } = await openPage(browser);
      await page.goto(await linkOf(training));
      await stepAfter(page, 0);

      await page.getByText("shows it from here on").waitFor({ timeout: 2 * MINUTES_MS });
      const state = await page.locator(".state").textContent();
      const reward = page.getByRole("figure", { name: /^reward: mean over all/ });
      const { code, stderr } = await training.result;
      const summary = await summaryOf(runs, "ending");

      expect(state).toContain("ended");
      expect(state).toContain("step 100 of 100");
      const last = summary.steps.at(-1)?.meanReward ?? Number.NaN;
      expect(await reward.getAttribute("aria-label")).toContain(`to ${short(last)}`);
      expect(code, stderr).toBe(0);
      await context.close();
    },
    4 * MINUTES_MS,
  );

  /** The page of the run at rest lists what the archive holds. */
  async function showsTheSame(runs: string, first: string | null): Promise<void> {
    const serving = startFleet("dashboard", "--runs", runs, "--run", "live");
    const link = await linkOf(serving);
    const { page, context } = await openPage(browser);
    await page.goto(link);
    await page.waitForSelector(".charts");
    await page.goto(`${new URL(link).origin}/#/rollouts?sort=sequence&order=asc`);
    const rows = await readArchive(join(runs, "live", "archive"), { sort: "sequence", atMost: 100_000 });
    await page
      .getByText(`${rows.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")} rollouts`)
      .waitFor();
    const shownFirst = await page.locator("table.rollouts tbody tr").first().textContent();
    await page.goto(`${new URL(link).origin}/#/ledger`);
    await page.getByText("the books balance").first().waitFor();
    const books = await page.locator(".balance").first().textContent();
    serving.process.kill("SIGTERM");

    const summary = await summaryOf(runs, "live");
    expect(shownFirst).toBe(first);
    expect(books).toContain(`${summary.ledger[0]?.issued.toLocaleString("en")} issued`);
    expect((await serving.result).code).toBe(0);
    await context.close();
  }
});

async function summaryOf(runs: string, run: string): Promise<Summary> {
  return JSON.parse(await readFile(join(runs, run, "summary.json"), "utf8")) as Summary;
}

/** The link that a command prints. */
async function linkOf(command: FleetCommand): Promise<string> {
  await command.printed(LINK);
  return LINK.exec(command.output())?.[0] ?? "";
}

/** The step that the page shows, once it is greater than `step`. */
async function stepAfter(page: Page, step: number): Promise<number> {
  const state = page.locator(".state");
  for (;;) {
    const shown = Number(/step (\d+) of/.exec((await state.textContent()) ?? "")?.[1] ?? 0);
    if (shown > step) return shown;
    await page.locator(".state", { hasNotText: `step ${shown} of` }).waitFor();
  }
}
