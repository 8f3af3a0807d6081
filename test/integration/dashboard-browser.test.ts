import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accessibilityViolations } from "../support/accessibility.ts";
import { buildPage } from "../support/built-page.ts";
import { findChromium, openChromium, openPage } from "../support/chromium.ts";
import { HOSTILE_TEXTS } from "../support/hostile-texts.ts";
import { openShownRun, type ShownRollout, type ShownRun } from "../support/shown-run.ts";
import { shownSummary } from "../support/shown-summary.ts";

const PAGES = ["run", "fleet", "rollouts", "rollouts/1", "ledger", "data"];

const DIFF = "@@ -1,2 +1,2 @@\n a = 1\n-b = 2\n+b = 3";
const ROLLOUTS: readonly ShownRollout[] = [
  {
    ...{ task: "t0", sample: 0, instance: "org/repo-1", reward: 0.75, step: 1, text: "abc" },
    explanation: {
      mistake: null,
      files: [{ path: "a.py", similarity: 0.75, predicted: DIFF, oracle: DIFF.replace("b = 3", "b = 4") }],
    },
  },
  { task: "t0", sample: 1, instance: "org/repo-1", reward: 1, exact: true, step: 1, text: "the right one" },
  {
    ...{ task: "t0", sample: 2, instance: "org/repo-1", reward: -1, step: 1, errorClass: "not-found" },
    explanation: { mistake: { message: "SEARCH was not found", text: "x = 1", line: 4 }, files: [] },
  },
  ...HOSTILE_TEXTS.map((text, i) => ({
    task: `h${i}`,
    instance: `hostile-${i}`,
    text,
    issue: text,
    worker: text.slice(0, 40),
  })),
];

const chromium = findChromium();

describe.skipIf(chromium === null)("the dashboard in a browser", () => {
  const things = new AsyncDisposableStack();
  let browser: Browser;
  let shown: ShownRun;
  beforeAll(async () => {
    const page = things.use(await buildPage());
    const pieces = ["a", "b", "c\n", "<", "\u202e", "x"];
    shown = things.use(await openShownRun(ROLLOUTS, { page: page.folder, pieces, summary: shownSummary(6) }));
    browser = await openChromium(chromium ?? "");
    things.defer(() => browser.close());
  }, 60_000);
  afterAll(() => things.disposeAsync());

  async function open(path: string, how: Parameters<typeof openPage>[1] = {}) {
    const opened = await openPage(browser, how);
    await opened.page.goto(shown.link());
    await opened.page.waitForSelector(".charts");
    await show(opened.page, path);
    return { ...opened, [Symbol.asyncDispose]: () => opened.context.close() };
  }

  async function show(page: Page, path: string): Promise<void> {
    await page.goto(`${shown.url}/#/${path}`);
    await page.locator("main h1").first().waitFor({ state: "attached" });
    await page.locator("main", { hasNotText: "loading …" }).waitFor();
  }

  it("takes the link out of the address, and signs in for good", async () => {
    await using opened = await open("run");
    const again = await opened.context.newPage();

    await again.goto(`${shown.url}/#/ledger`);
    await again.getByText("the books balance").first().waitFor();

    expect(opened.page.url()).not.toContain("link=");
    expect(await opened.page.evaluate("document.cookie")).toBe("");
    expect(opened.complaints).toEqual([]);
  });

  it("says why it shows nothing where a link was followed before", async () => {
    const link = shown.link();
    const first = await openPage(browser);
    await first.page.goto(link);
    await first.page.waitForSelector(".charts");
    const second = await openPage(browser);

    await second.page.goto(link);

    await second.page.getByText("this link was used before, or is too old").waitFor();
    await Promise.all([first.context.close(), second.context.close()]);
  });

  it("signs in by a link that is pasted into the page", async () => {
    const { page, context } = await openPage(browser);
    await page.goto(shown.url);
    await page.getByText("not signed in").first().waitFor();

    await page.evaluate(`location.hash = ${JSON.stringify(new URL(shown.link()).hash)}`);

    await page.waitForSelector(".charts");
    expect(page.url()).not.toContain("link=");
    await context.close();
  });

  it("leaves Enter to what has the focus, whichever row is chosen", async () => {
    await using opened = await open("rollouts?instance=repo-1");
    const { page } = opened;
    await page.getByText("3 of 13 rollouts").waitFor();
    await page.locator("h1").click();
    await page.keyboard.press("j");

    await page.getByRole("link", { name: "Ledger" }).focus();
    await page.keyboard.press("Enter");

    await page.waitForURL(/#\/ledger$/);
  });

  it("draws a run's curves with its figures, and another run over them", async () => {
    await using opened = await open("run");
    const { page } = opened;

    const reward = page.getByRole("figure", { name: /^reward: mean over all/ });
    expect(await reward.getAttribute("aria-label")).toContain("reward from 0.1000 to 0.6000");
    expect(await page.locator(".chart canvas").count()).toBe(13);
    expect(await page.locator(".waiting").textContent()).toMatch(/^The updater waits 50 % .* add workers/);
    await page.getByLabel("laid over it").selectOption("other");
    await page.getByRole("radio", { name: "wall time" }).check();
    expect(opened.complaints).toEqual([]);
  });

  it("lists rollouts, narrows them, and leads through them by keyboard", async () => {
    await using opened = await open("rollouts?instance=repo-1");
    const { page } = opened;

    await page.getByText("3 of 13 rollouts").waitFor();
    await page.getByLabel("mistake").selectOption("not-found");
    await page.getByText("1 of 13 rollouts").waitFor();
    expect(await page.locator("table.rollouts tbody tr").allTextContents()).toEqual([
      expect.stringContaining("−1.000not-foundorg/repo-1"),
    ]);
    await page.getByLabel("mistake").selectOption("");
    await page.getByText("3 of 13 rollouts").waitFor();
    await page.locator("h1").click();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "org/repo-1 1.0000 true change" }).waitFor();
    await page.keyboard.press("j");
    await page.getByRole("heading", { name: "org/repo-1 0.7500 similar" }).waitFor();
    await page.keyboard.press("u");
    await page.waitForURL(/rollouts\?instance=repo-1$/);
    await page.keyboard.press("g");
    await page.keyboard.press("d");
    await page.waitForURL(/#\/data$/);
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "keys" }).waitFor();
  });

  it("shows a rollout in full: tokens with figures, both changes, why, and its group", async () => {
    await using opened = await open("rollouts/1");
    const { page } = opened;

    expect(await page.locator("h1").textContent()).toContain("org/repo-1 0.7500 similar");
    expect(await page.locator(".tokens .token").allTextContents()).toEqual(["b", "c↵\n", "<"]);
    await page.locator(".tokens").focus();
    await page.keyboard.press("ArrowRight");
    const figures = (await page.locator("#token-figures").textContent()) ?? "";
    expect(figures).toContain("token 2 of 3");
    expect(figures).toContain("log p −0.500 (60.7 %)");
    expect(await page.locator(".tokens .token.at").allTextContents()).toEqual(["c↵\n"]);
    expect(figures).toContain("entropy 0.250");
    expect(figures).toContain("advantage 0.500");
    expect(await page.locator("table.diff tbody tr").allTextContents()).toEqual([
      "@@ -1,2 +1,2 @@@@ -1,2 +1,2 @@",
      "1 a = 1 a = 1",
      "2-b = 2-b = 2",
      "+b = 3+b = 4",
    ]);
    expect(await page.locator("table.group tbody tr.chosen").textContent()).toContain("0.7500+0.500");
    await show(page, "rollouts/3");
    expect(await page.locator(".why").textContent()).toContain(
      "not-found: SEARCH was not found (line 4 of the reply)",
    );
  });

  it("keeps the theme that is chosen, and begins with the system's", async () => {
    await using opened = await open("run", { theme: "dark" });
    const { page } = opened;
    const theme = () => page.evaluate("document.documentElement.dataset.theme");

    const before = await theme();
    await page.keyboard.press("t");
    await page.reload();
    await page.waitForSelector(".charts");

    expect([before, await theme()]).toEqual(["dark", "light"]);
  });

  it("shows hostile texts as text, whatever they are", async () => {
    await using opened = await open("rollouts");
    const { page, complaints } = opened;
    for (const [index, text] of HOSTILE_TEXTS.entries()) {
      await show(page, `rollouts/${4 + index}`);
      await page.getByLabel("nothing: the scored text").check();
      const completion = page.getByRole("region", { name: "completion" }).locator("pre");

      expect(await completion.textContent(), `text ${index}`).toBe(
        spelt(text.toWellFormed().slice(0, 20_000)),
      );
      expect(await page.evaluate("typeof hostile"), `text ${index}`).toBe("undefined");
    }
    await show(page, "rollouts");
    await page.getByText("13 of 13 rollouts").waitFor();

    const alien =
      "main script, main img, main iframe, main form[action], main style, main [onload], main [onerror]";
    expect(await page.locator(alien).count()).toBe(0);
    expect(complaints).toEqual([]);
  }, 60_000);

  it.each(["light", "dark"] as const)(
    "has no accessibility violation on any page in the %s theme",
    async (theme) => {
      await using opened = await open("run", { theme });
      const session = await opened.context.newCDPSession(opened.page);
      for (const path of PAGES) {
        await show(opened.page, path);

        expect(await accessibilityViolations(session), path).toEqual([]);
      }
    },
    60_000,
  );

  it("fits a phone of 400 pixels on every page", async () => {
    await using opened = await open("run", { width: 400, height: 800 });
    for (const path of PAGES) {
      await show(opened.page, path);

      const wider = await opened.page.evaluate("document.documentElement.scrollWidth - innerWidth");
      expect(wider, path).toBeLessThanOrEqual(0);
    }
  });
});

/** What a page writes for what is invisible; lines and tabs stay. */
function spelt(text: string): string {
  return text.replace(/(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) => {
    const point = character.codePointAt(0) ?? 0;
    return point < 0x100 ? `\\x${point.toString(16).padStart(2, "0")}` : `\\u{${point.toString(16)}}`;
  });
}
