import { leafConfig, type RunSecrets, serverConfig } from "../../transport/index.ts";
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
  const hubConfig = (folder: string) => {
    const stores = { storeFolder: folder, storeBytes: ONE_GIB, portsFolder: folder };
    return serverConfig({ run, port: 0, users, leafPort, ...stores });
  };
  const hub = opening.use(await openBareServer("hub", (folder) => unplaced(hubConfig(folder))));
  const settings = { name: "leaf", port: 0, hub: `127.0.0.1:${proxy.port}`, worker: users.worker, tls: null };
  const leaf = opening.use(await openBareServer("leaf", () => unplaced(leafConfig(settings))));
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

/** Name and port are given by who starts the server. */
function unplaced(config: string): string {
  const lines = config.split("\n");
  return lines.filter((line) => !/^(server_name|listen|ports_file_dir):/.test(line)).join("\n");
}
