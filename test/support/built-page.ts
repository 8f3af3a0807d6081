import { build } from "vite";
import { openTemporaryFolder } from "./temporary-folder.ts";

/** Builds the dashboard's page into a folder of its own, as `make dashboard` does. Disposing deletes it. */
export async function buildPage(): Promise<{ readonly folder: string } & AsyncDisposable> {
  const place = await openTemporaryFolder();
  const folder = place.file("page");
  await build({ configFile: "dashboard/vite.config.ts", logLevel: "warn", build: { outDir: folder } });
  return { folder, [Symbol.asyncDispose]: () => place[Symbol.asyncDispose]() };
}
