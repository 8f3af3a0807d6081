import {
  createLedgerLog,
  createRolloutStore,
  type FleetClient,
  findNatsServer,
  type LedgerLog,
  openNats,
  type RolloutStore,
  startNatsServer,
} from "../transport/index.ts";
import { isListening } from "./is-listening.ts";
import { readSecrets, serverTls } from "./local/index.ts";
import { clientTlsOf, connectToRun, NotRunningError, type RunChoice } from "./open-run.ts";
import { note } from "./print.ts";
import { readRunConfig } from "./read-run-config.ts";
import { assertLedgerThere, findRunFolder, type RunFolder, RunFolderError } from "./run-folder.ts";

/** What a run keeps in nats-server, for reading. */
export interface RunStorage extends AsyncDisposable {
  readonly folder: RunFolder;
  readonly log: LedgerLog;
  readonly rollouts: RolloutStore;
  /** The live coordinator; null where there is none. */
  readonly coordinator: FleetClient | null;
}

const LOOPBACK = "127.0.0.1";

/**
 * Opens the storage of a run: of a running one through the ports in its `endpoints.json`; of one at rest by starting
 * its nats-server where it was, so that nobody can start a second one on its folder. Disposing ends that server.
 *
 * @throws {RunFolderError} when the run never started, or has lost its ledger
 */
export async function openRunStorage(choice: RunChoice): Promise<RunStorage> {
  const folder = await findRunFolder(choice.runs, choice.run);
  await assertLedgerThere(folder);
  await using opening = new AsyncDisposableStack();
  const coordinator = await liveCoordinator(choice);
  if (coordinator !== null) opening.use(coordinator);
  const url = await serverOf(folder, opening);
  const { users } = await readSecrets(folder);
  const link = opening.use(
    await openNats({ url, tls: await clientTlsOf(folder), ...users.coordinator, name: "cli" }),
  );
  const open = opening.move();
  return {
    folder,
    coordinator,
    log: createLedgerLog(link, folder.id),
    rollouts: createRolloutStore(link, folder.id),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

async function liveCoordinator(choice: RunChoice): Promise<FleetClient | null> {
  try {
    return (await connectToRun(choice)).client;
  } catch (error) {
    if (error instanceof NotRunningError) return null;
    throw error;
  }
}

/** Address of the run's nats-server; one that is started here belongs to `opening`. */
async function serverOf(folder: RunFolder, opening: AsyncDisposableStack): Promise<string> {
  const { nats } = await folder.endpoints();
  if (nats === undefined)
    throw new RunFolderError(`the run ${folder.id} has no ledger: it never got to start`);
  if (await isListening({ host: LOOPBACK, port: nats.port })) return nats.url;
  const { path: binary } = await findNatsServer({ onProgress: note });
  const { users } = await readSecrets(folder);
  const server = await startNatsServer({
    binary,
    folder: folder.nats,
    log: folder.log("nats"),
    port: nats.port,
    run: folder.id,
    users,
    tls: serverTls(folder, (await readRunConfig(folder.config)).tls),
  });
  return opening.use(server).url;
}
