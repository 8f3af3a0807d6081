import { type Command, Option } from "commander";
import { FleetError } from "../core/index.ts";
import { type FleetClient, openFleetClient } from "../transport/index.ts";
import { readSecrets } from "./local/index.ts";
import { findRunFolder, type RunFolder } from "./run-folder.ts";

/** The run is not running, so there is nobody to ask. */
export class NotRunningError extends FleetError {
  readonly code = "cli.not_running";
  readonly disposition = "reject";
}

/** The options that choose a run. */
export interface RunChoice {
  readonly runs: string;
  readonly run?: string;
}

/** Adds `--run` and `--runs` to a command about a run that was started before. */
export function chooseRun(command: Command): Command {
  return command
    .addOption(new Option("--run <id>", "the run; the newest when left out"))
    .addOption(runsOption());
}

/** `--runs DIR`: where the folders of runs are. */
export function runsOption(): Option {
  return new Option("--runs <dir>", "folder of all runs").default("runs");
}

/** Opens a connection to a running run's coordinator. The caller disposes of it. */
export async function connectToRun(choice: RunChoice): Promise<{ folder: RunFolder; client: FleetClient }> {
  const folder = await findRunFolder(choice.runs, choice.run);
  const { coordinator } = await folder.endpoints();
  if (coordinator === undefined) {
    throw new NotRunningError(
      `the run ${folder.id} has not started listening yet: see ${folder.log("coordinator")}`,
    );
  }
  const { token } = await readSecrets(folder);
  const address = `${coordinator.host}:${coordinator.port}`;
  return { folder, client: await openFleetClient({ address, token, name: "cli" }) };
}
