import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { FleetError, writeFileDurably } from "../core/index.ts";

/** A run that is not there, or is there already. */
export class RunFolderError extends FleetError {
  readonly code = "cli.run_folder";
  readonly disposition = "reject";
}

/** Where the processes of a run listen. Ports are picked at the first start and used again at every restart. */
export interface Endpoints {
  readonly nats?: { readonly url: string; readonly port: number };
  readonly coordinator?: { readonly host: string; readonly port: number };
  readonly dashboard?: { readonly host: string; readonly port: number };
  /** On loopback, by the process that serves its metrics there. */
  readonly metrics?: Readonly<Record<string, number>>;
}

const Port = z.int().min(1).max(65_535);
const EndpointsFile = z.looseObject({
  nats: z.looseObject({ url: z.string(), port: Port }).optional(),
  coordinator: z.looseObject({ host: z.string(), port: Port }).optional(),
  dashboard: z.looseObject({ host: z.string(), port: Port }).optional(),
  metrics: z.record(z.string(), Port).optional(),
});

const RUN_ID = /^[a-z0-9-]{1,40}$/;

/** The folder of one run, and the names of what is in it. */
export class RunFolder {
  readonly id: string;
  readonly path: string;

  constructor(runs: string, id: string) {
    this.id = id;
    this.path = resolve(runs, id);
  }

  /** The resolved configuration. */
  get config(): string {
    return join(this.path, "run.yaml");
  }

  /** What is known of the training base's bytes; see `readBaseDigest`. */
  get baseDigest(): string {
    return join(this.path, "base.json");
  }

  get summary(): string {
    return join(this.path, "summary.json");
  }

  /** The store of nats-server. */
  get nats(): string {
    return join(this.path, "nats");
  }

  get secrets(): string {
    return join(this.path, "secrets", "secrets.json");
  }

  get archive(): string {
    return join(this.path, "archive");
  }

  get checkpoints(): string {
    return join(this.path, "checkpoints");
  }

  /** What one worker keeps on disk while the coordinator is away. */
  spool(worker: string): string {
    return join(this.path, "spool", worker);
  }

  /** The log of one process. */
  log(process: string): string {
    return join(this.path, "logs", `${process}.log`);
  }

  private get endpointsFile(): string {
    return join(this.path, "endpoints.json");
  }

  async endpoints(): Promise<Endpoints> {
    const text = await readFile(this.endpointsFile, "utf8").catch(() => "{}");
    return parseOwnJson(text, this.endpointsFile, EndpointsFile) as Endpoints;
  }

  async recordEndpoints(endpoints: Endpoints): Promise<void> {
    const all = { ...(await this.endpoints()), ...endpoints };
    await writeFileDurably(this.endpointsFile, `${JSON.stringify(all, null, 2)}\n`);
  }
}

/**
 * Parses a JSON file that `fleet` wrote and writes again when it is not there.
 *
 * @throws {RunFolderError} when something else has changed it
 */
export function parseOwnJson(text: string, path: string, schema: z.ZodType = z.unknown()): unknown {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new RunFolderError(
      `${path} is damaged: delete it, and the next "fleet train --resume" writes it again`,
      {
        cause,
      },
    );
  }
}

/** What the folder of a run is made with. All but the secrets are empty until the run starts. */
const PARTS = ["nats", "archive", "checkpoints", "spool", "logs"];

/**
 * Makes the folder of a new run, or takes the one of a start that was cut short before it had a configuration.
 *
 * @throws {RunFolderError} when the id is malformed or taken
 */
export async function createRunFolder(runs: string, id: string): Promise<RunFolder> {
  if (!RUN_ID.test(id)) throw malformedId(id);
  const folder = new RunFolder(runs, id);
  if ((await exists(folder.path)) && !(await isBlank(folder))) {
    throw new RunFolderError(
      `the run ${id} exists in ${folder.path}: give --resume to continue it, or --run another-id to start a new one`,
    );
  }
  await makeParts(folder).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RunFolderError(
      `the run's folder ${folder.path} cannot be made (${why}): name another place with --runs`,
      { cause },
    );
  });
  return folder;
}

/**
 * The folder of a run whose processes share none, made where it is not there yet.
 *
 * @throws {RunFolderError} when the id is malformed, or the folder cannot be made
 */
export async function openPodFolder(data: string, id: string): Promise<RunFolder> {
  if (!RUN_ID.test(id)) throw malformedId(id);
  const folder = new RunFolder(data, id);
  await mkdir(folder.archive, { recursive: true }).catch((cause: Error) => {
    throw new RunFolderError(
      `the run's folder ${folder.path} cannot be made (${cause.message}): make ${data} writable`,
      {
        cause,
      },
    );
  });
  return folder;
}

function malformedId(id: string): RunFolderError {
  return new RunFolderError(`the run id "${id}" must be 1 to 40 of a–z, 0–9 and "-"`);
}

async function makeParts({ path }: RunFolder): Promise<void> {
  for (const part of PARTS) await mkdir(join(path, part), { recursive: true });
  await rm(join(path, "secrets"), { recursive: true, force: true });
  await mkdir(join(path, "secrets"), { mode: 0o700 });
}

/** Whether a folder is one that was made for a run, and nothing more. */
async function isBlank({ path }: RunFolder): Promise<boolean> {
  const names = await readdir(path).catch(() => [""]);
  if (names.some((name) => name !== "secrets" && !PARTS.includes(name))) return false;
  const within = await Promise.all(PARTS.map((part) => readdir(join(path, part)).catch(() => [])));
  return within.flat().length === 0;
}

/**
 * Finds the folder of a run that was started before.
 *
 * @param id - the newest run when absent
 * @throws {RunFolderError} when there is none
 */
export async function findRunFolder(runs: string, id: string | undefined): Promise<RunFolder> {
  const found = id ?? (await newestRun(runs));
  if (found === undefined) {
    throw new RunFolderError(`there is no run in ${resolve(runs)}: start one with "fleet train run.yaml"`);
  }
  const folder = new RunFolder(runs, found);
  if (!(await exists(folder.config))) {
    if (RUN_ID.test(found) && (await exists(folder.path))) {
      if (await isBlank(folder)) {
        throw new RunFolderError(
          `the run ${found} never got to start: "fleet train run.yaml --run ${found}" starts it`,
        );
      }
      throw new RunFolderError(`the run ${found} has lost its configuration: put ${folder.config} back`);
    }
    const newest = await newestRun(runs);
    const hint = newest === undefined ? "there is none at all" : `the newest there is ${newest}`;
    throw new RunFolderError(`there is no run ${found} in ${resolve(runs)}: ${hint}`);
  }
  return folder;
}

/**
 * Checks that a run that got anywhere still has its ledger, without which going on would begin it anew.
 *
 * @throws {RunFolderError} when the store of nats-server is empty or gone
 */
export async function assertLedgerThere(folder: RunFolder): Promise<void> {
  if (!(await exists(folder.summary))) return;
  const stored = await readdir(folder.nats).catch(() => []);
  if (stored.length > 0) return;
  throw new RunFolderError(
    `the run ${folder.id} has lost its ledger: put ${folder.nats} back, or start a new run`,
  );
}

async function newestRun(runs: string): Promise<string | undefined> {
  const names = await readdir(runs).catch(() => []);
  const started = await Promise.all(
    names.map(async (name) => ({ name, at: await startedAt(new RunFolder(runs, name)) })),
  );
  return started.filter((run) => run.at > 0).sort((a, b) => b.at - a.at)[0]?.name;
}

async function startedAt(folder: RunFolder): Promise<number> {
  return stat(folder.config).then(
    (entry) => entry.mtimeMs,
    () => 0,
  );
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
