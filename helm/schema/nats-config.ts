import { leafConfig, serverConfig } from "../../transport/index.ts";

/** What stands in the generated text where the chart says more; none of them occurs in it otherwise. */
const RUN = "0run0";
const COORDINATOR = "0coordinator-password0";
const WORKER = "0worker-password0";
const STORE = "0store0";
const PORTS = "0ports0";
const NAME = "0name0";
const HUB = "0hub0";
const PORT = 4222;
const LEAF_PORT = 7422;
const STORE_BYTES = 10_101_010_101;

const worker = { user: "worker", password: WORKER };
const TLS = { certificate: "/tls/tls.crt", key: "/tls/tls.key", clientCa: null };
const CLIENT = { certificate: "/client-tls/tls.crt", key: "/client-tls/tls.key" };
const TLS_OF_VALUES = '{{ include "fleet.natsTls" . }}';

/**
 * The configuration of the chart's nats-servers as a Helm template: the one that `fleet train` starts its own with, so that
 * the roles' rights are the same everywhere. Passwords and the server's name are in the server's environment.
 */
export function natsConfigTemplate(): string {
  const settings = {
    run: RUN,
    port: PORT,
    users: { coordinator: { user: "coordinator", password: COORDINATOR }, worker },
    storeFolder: STORE,
    storeBytes: STORE_BYTES,
    portsFolder: PORTS,
  };
  const hub = serverConfig({ ...settings, leafPort: LEAF_PORT });
  return replaced(onlyIf(".Values.expose.leafNodes", hub, serverConfig(settings)), [
    [`server_name: "fleet-${RUN}"\n`, "server_name: $SERVER_NAME\nhttp: 8222\n"],
    [`"127.0.0.1:${PORT}"`, `"0.0.0.0:${PORT}"`],
    [`"127.0.0.1:${LEAF_PORT}"`, `"0.0.0.0:${LEAF_PORT}"`],
    ["  no_advertise: true\n", `  no_advertise: true\n${TLS_OF_VALUES}`],
    [`ports_file_dir: "${PORTS}"\n`, `${TLS_OF_VALUES}{{ include "fleet.natsCluster" . }}`],
    [`"${STORE}"`, '"/data/jetstream"'],
    [String(STORE_BYTES), '{{ include "fleet.natsStoreBytes" . }}'],
    [`"${COORDINATOR}"`, "$COORDINATOR_PASSWORD"],
    [`"${WORKER}"`, "$WORKER_PASSWORD"],
    [RUN, "{{ .Release.Name }}"],
  ]);
}

/** The configuration of the nats-server beside workers that join a run of another cluster, as a Helm template. */
export function natsLeafTemplate(): string {
  const textOf = (identity: typeof CLIENT | null) =>
    leafConfig({
      name: NAME,
      port: PORT,
      hub: HUB,
      worker,
      tls: { server: TLS, hubCa: "/tls/ca.crt", identity },
    });
  return replaced(onlyIf(".Values.tls.mutual", textOf(CLIENT), textOf(null)), [
    [`server_name: "${NAME}"\n`, "server_name: $SERVER_NAME\nhttp: 8222\n"],
    [`"127.0.0.1:${PORT}"`, `"0.0.0.0:${PORT}"`],
    [`\ntls {\n  cert_file: "${TLS.certificate}"\n  key_file: "${TLS.key}"\n}\n`, `\n${TLS_OF_VALUES}`],
    [`["nats-leaf://leaf:${WORKER}@${HUB}"]`, "$HUB"],
    [`"${WORKER}"`, "$WORKER_PASSWORD"],
  ]);
}

function replaced(text: string, replacements: readonly (readonly [string, string])[]): string {
  return replacements.reduce((sofar, [from, to]) => {
    if (!sofar.includes(from)) throw new Error(`the configuration of nats-server no longer has ${from}`);
    return sofar.replaceAll(from, to);
  }, text);
}

/** A template of `text` where the condition holds, else of `rest`, which is `text` without some of its lines. */
function onlyIf(condition: string, text: string, rest: string): string {
  const lines: string[] = [];
  const without = rest.split("\n");
  let isOpen = false;
  for (const line of text.split("\n")) {
    const isExtra = line !== without[0];
    if (isExtra && !isOpen) lines.push(`{{- if ${condition} }}`);
    if (!isExtra && isOpen) lines.push("{{- end }}");
    if (!isExtra) without.shift();
    isOpen = isExtra;
    lines.push(line);
  }
  if (without.length > 0) throw new Error(`the configuration of nats-server has "${without[0]}" elsewhere`);
  return lines.join("\n");
}
