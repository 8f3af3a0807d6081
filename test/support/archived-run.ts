import { mkdir, rename, writeFile } from "node:fs/promises";
import { writeRunFolder, writeRunInputs } from "./run-by-hand.ts";
import { openShownRun, type ShownRollout } from "./shown-run.ts";
import { shownSummary } from "./shown-summary.ts";
import { openTemporaryFolder, type TemporaryFolder } from "./temporary-folder.ts";

/** The folder of a run that is over, with its archive, summary and model. */
export interface ArchivedRun extends AsyncDisposable {
  readonly folder: TemporaryFolder;
  readonly archive: string;
  /** Options that name it, as every command about a run takes them. */
  readonly chosen: readonly string[];
}

/** Writes a run called `name` with these rollouts and a summary of so many steps. */
export async function openArchivedRun(
  name: string,
  rollouts: readonly ShownRollout[],
  steps = 1,
): Promise<ArchivedRun> {
  const folder = await openTemporaryFolder();
  const inputs = await writeRunInputs(folder.file("."));
  const path = await writeRunFolder(folder.file("."), inputs, name, {});
  const archive = `${path}/archive`;
  await using shown = await openShownRun(rollouts);
  await mkdir(archive, { recursive: true });
  for (const table of ["rollouts", "outcomes"])
    await rename(`${shown.archive}/${table}`, `${archive}/${table}`);
  await writeFile(`${path}/summary.json`, JSON.stringify({ run: name, ...shownSummary(steps) }));
  return {
    folder,
    archive,
    chosen: ["--runs", folder.file("runs"), "--run", name],
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
