import { leafConfig, type NatsUser, type RunSecrets, serverConfig } from "../../transport/index.ts";
import { type BareServer, freePort, openBareServer } from "./bare-server.ts";
import { openProxy } from "./proxy.ts";

/** The nats-servers of a run in two clusters: a hub that has its streams, and a leaf that has nothing. */
export interface HubAndLeaf extends AsyncDisposable {
  readonly hub: BareServer;
  readonly leaf: BareServer;
  /** Where the hub takes leafs. */
  readonly leafPort: number;
  /** Ends the link between the two, until `mend`; what is connected to either stays so. */
  cut(): void;
  mend(): void;
}

const ONE_GIB = 2 ** 30;

export async function openHubAndLeaf(run: string, { users }: RunSecrets): Promise<HubAndLeaf> {
  await using opening = new AsyncDisposableStack();
  const [leafPort, nowhere] = [await freePort(), await freePort()];
  const proxy = opening.use(await openProxy(leafPort));
  const hub = opening.use(await openBareServer("hub", hubConfig(run, users, leafPort)));
  const leaf = opening.use(await openLeaf(proxy.port, users.worker));
  const open = opening.move();
  return {
    hub,
    leaf,
    leafPort,
    cut: () => {
      proxy.leadTo(nowhere);
      proxy.reset();
    },
    mend: () => proxy.leadTo(leafPort),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** What a server that takes leafs on a port says beside its name and its own port, its data being in `folder`. */
export function hubConfig(run: string, users: RunSecrets["users"], leafPort: number) {
  return (folder: string): string => {
    const stores = { storeFolder: folder, storeBytes: ONE_GIB, portsFolder: folder };
    return unplaced(serverConfig({ run, port: 0, users, leafPort, ...stores }));
  };
}

/** A leaf of the hub at a port. */
export function openLeaf(hubPort: number, worker: NatsUser): Promise<BareServer> {
  const config = leafConfig({ name: "leaf", port: 0, hub: `127.0.0.1:${hubPort}`, worker, tls: null });
  return openBareServer("leaf", () => unplaced(config));
}

/** Name and port are given by who starts the server. */
function unplaced(config: string): string {
  const lines = config.split("\n");
  return lines.filter((line) => !/^(server_name|listen|ports_file_dir):/.test(line)).join("\n");
}
