import { globSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { Client, credentials } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import type { ClientTls } from "../../transport/index.ts";

/** An answer of the scaler, as KEDA would read it. */
export type KedaAnswer = Readonly<Record<string, unknown>>;

/** What KEDA does of a scaler, from a machine of its own. */
export interface KedaClient extends AsyncDisposable {
  call(method: "IsActive" | "GetMetricSpec" | "GetMetrics", request: object): Promise<KedaAnswer>;
  /** The first answers of StreamIsActive, as they come. */
  watch(request: object): AsyncIterable<KedaAnswer>;
}

interface Method {
  readonly path: string;
  readonly requestSerialize: (request: object) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => KedaAnswer;
}

/** A client that knows nothing but the service's proto: KEDA's own where its module is on this machine. */
export function openKedaClient(port: number, tls: ClientTls | null): KedaClient {
  const service = loadSync(protoFile(), { longs: Number, defaults: true })["externalscaler.ExternalScaler"];
  const methodOf = (name: string) => (service as unknown as Record<string, Method>)[name] as Method;
  const client = new Client(`127.0.0.1:${port}`, credentialsOf(tls), {
    "grpc.ssl_target_name_override": "coordinator",
  });
  return {
    call: (name, request) =>
      new Promise((resolve, reject) => {
        const { path, requestSerialize, responseDeserialize } = methodOf(name);
        const options = { deadline: Date.now() + 5_000 };
        client.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          request,
          options,
          (error, answer) => (error ? reject(error) : resolve(answer as KedaAnswer)),
        );
      }),
    watch: (request) => {
      const { path, requestSerialize, responseDeserialize } = methodOf("StreamIsActive");
      return client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request);
    },
    [Symbol.asyncDispose]: async () => client.close(),
  };
}

function credentialsOf(tls: ClientTls | null) {
  if (tls === null) return credentials.createInsecure();
  const { ca, identity } = tls;
  const pem = (text: string | undefined) => (text === undefined ? null : Buffer.from(text));
  return credentials.createSsl(Buffer.from(ca), pem(identity?.key), pem(identity?.certificate), {
    checkServerIdentity: () => undefined, // The certificates of tests are of an address, not of a name.
  });
}

let said = false;

/** The published file, from Go's module cache; else the one here, which says the same. */
function protoFile(): string {
  const cache = process.env["GOMODCACHE"] ?? join(homedir(), "go", "pkg", "mod");
  const published = globSync(
    join(cache, "github.com/kedacore/keda/v2@*/pkg/scalers/externalscaler/externalscaler.proto"),
  ).sort();
  const newest = published.at(-1);
  if (newest !== undefined && readFileSync(newest, "utf8").includes("service ExternalScaler")) return newest;
  if (process.env["FLEET_REQUIRE"]?.split(",").includes("keda")) {
    throw new Error("keda is required by FLEET_REQUIRE: go mod download github.com/kedacore/keda/v2@v2.21.0");
  }
  if (!said)
    process.stderr.write(
      "no github.com/kedacore/keda/v2 in Go's module cache: its client is made from proto/keda\n",
    );
  said = true;
  return join(import.meta.dirname, "../../proto/keda/externalscaler.proto");
}
