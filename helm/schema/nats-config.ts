import { serverConfig } from "../../transport/index.ts";

/** What stands in the generated text where the chart says more; none of them occurs in it otherwise. */
const RUN = "0run0";
const COORDINATOR = "0coordinator-password0";
const WORKER = "0worker-password0";
const STORE = "0store0";
const PORTS = "0ports0";
const PORT = 4222;
const STORE_BYTES = 10_101_010_101;

/**
 * The configuration of the chart's nats-servers as a Helm template: the one that `fleet train` starts its own with, so that
 * the roles' rights are the same everywhere. Passwords and the server's name are in the server's environment.
 */
export function natsConfigTemplate(): string {
  const text = serverConfig({
    run: RUN,
    port: PORT,
    users: {
      coordinator: { user: "coordinator", password: COORDINATOR },
      worker: { user: "worker", password: WORKER },
    },
    storeFolder: STORE,
    storeBytes: STORE_BYTES,
    portsFolder: PORTS,
  });
  const replacements: [string, string][] = [
    [`server_name: "fleet-${RUN}"\n`, "server_name: $SERVER_NAME\nhttp: 8222\n"],
    [`"127.0.0.1:${PORT}"`, `"0.0.0.0:${PORT}"`],
    [`ports_file_dir: "${PORTS}"\n`, '{{ include "fleet.natsTls" . }}{{ include "fleet.natsCluster" . }}'],
    [`"${STORE}"`, '"/data/jetstream"'],
    [String(STORE_BYTES), '{{ include "fleet.natsStoreBytes" . }}'],
    [`"${COORDINATOR}"`, "$COORDINATOR_PASSWORD"],
    [`"${WORKER}"`, "$WORKER_PASSWORD"],
    [RUN, "{{ .Release.Name }}"],
  ];
  return replacements.reduce((sofar, [from, to]) => {
    if (!sofar.includes(from)) throw new Error(`the configuration of nats-server no longer has ${from}`);
    return sofar.replaceAll(from, to);
  }, text);
}
