import { spawnSync } from "node:child_process";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** The Chromium at `CHROMIUM_BIN` or on the PATH. Says so in a printed line when there is none; fails where it is required. */
export function findChromium(): string | null {
  const found = [process.env["CHROMIUM_BIN"] ?? "", ...NAMES].find(
    (name) => name !== "" && spawnSync(name, ["--version"]).status === 0,
  );
  if (found !== undefined) return found;
  if (process.env["FLEET_REQUIRE"]?.split(",").includes("chromium")) {
    throw new Error("chromium is required by FLEET_REQUIRE and neither at CHROMIUM_BIN nor on the PATH");
  }
  process.stderr.write("no chromium at CHROMIUM_BIN or on the PATH: what is seen in a browser is skipped\n");
  return null;
}

/** A browser without a window; it may run as root, as in a container. */
export function openChromium(path: string): Promise<Browser> {
  return chromium.launch({ executablePath: resolved(path), args: ["--no-sandbox", "--disable-gpu"] });
}

/** A page of a window of its own, and what it complained of: errors of scripts, and what its policy forbade. */
export async function openPage(
  browser: Browser,
  how: { readonly width?: number; readonly height?: number; readonly theme?: "light" | "dark" } = {},
): Promise<{ readonly page: Page; readonly context: BrowserContext; readonly complaints: string[] }> {
  const { width = 1280, height = 900, theme = "light" } = how;
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  return { page, context, complaints };
}

function resolved(name: string): string {
  return name.includes("/") ? name : spawnSync("which", [name]).stdout.toString().trim();
}
