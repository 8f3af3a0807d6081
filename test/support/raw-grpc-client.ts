import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

/** A caller that knows only the `.proto` files, as one in another language would. */
export function rawClient(port: number, service: string, token: string, file?: string) {
  const definitions = file
    ? loadSync(file, { enums: String })
    : loadSync("fleet/v1/fleet.proto", { includeDirs: ["proto"] });
  const methods = Object.values(definitions[service] as Record<string, RawMethod>);
  const methodOf = (name: string) => {
    const found = methods.find(({ path }) => path.toLowerCase().endsWith(`/${name.toLowerCase()}`));
    if (found === undefined) throw new Error(`no method ${name}`);
    return found;
  };
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const metadata = new Metadata();
  if (token !== "") metadata.set("authorization", `Bearer ${token}`);
  return {
    call: (name: string, request: object) =>
      new Promise<unknown>((resolve, reject) => {
        const { path, requestSerialize, responseDeserialize } = methodOf(name);
        const done = (error: Error | null, answer?: object) => (error ? reject(error) : resolve(answer));
        client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, done);
      }),
    /** Sends one message on a stream and resolves with the first answer. */
    exchange: (name: string, request: object) =>
      new Promise<unknown>((resolve, reject) => {
        const { path, requestSerialize, responseDeserialize } = methodOf(name);
        const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
        stream.once("data", resolve).once("error", reject);
        stream.end(request);
      }),
    [Symbol.asyncDispose]: async () => client.close(),
  };
}

interface RawMethod {
  readonly path: string;
  readonly requestSerialize: (request: object) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => object;
}
