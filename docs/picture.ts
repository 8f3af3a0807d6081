/**
 * Makes docs/dashboard.png: a run's page, as a browser shows it. Needs Chromium.
 *
 * `node docs/picture.ts RUNS RUN` with the folder of all runs and one of them that is over
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { findChromium, openChromium, openPage } from "../test/support/chromium.ts";
import { startFleet } from "../test/support/fleet-command.ts";

const LINK = /http:\S+#link=\S+/;
const PICTURE = fileURLToPath(new URL("dashboard.png", import.meta.url));

const [runs = "runs", run = ""] = process.argv.slice(2);
const path = findChromium();
if (path !== null) {
  const serving = startFleet("dashboard", "--runs", runs, "--run", run);
  await serving.printed(LINK);
  const browser = await openChromium(path);
  const { page } = await openPage(browser, { width: 1200, height: 860 });
  await page.goto(LINK.exec(serving.output())?.[0] ?? "");
  await page.locator(".chart canvas").last().waitFor();
  await page.screenshot({ path: PICTURE });
  await browser.close();
  serving.process.kill("SIGTERM");
  await serving.result;
}
