import { Client, credentials, Metadata, status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { serve, TOKEN } from "../support/fleet-over-grpc.ts";

const MIB = 1024 * 1024;
/** No message of any kind: a field of type 7, which there is not. */
const GARBAGE = Buffer.alloc(16, 0xff);

test.each([
  ["cannot be parsed", GARBAGE],
  ["is above the limit", Buffer.alloc(65 * MIB, 0xff)],
])("a call without the token is refused as such, though its message %s", async (_, message) => {
  await using server = await serve({ lease: async () => ({ settled: {} }) });

  expect(await codeOf(server.port, message, "")).toBe(status.UNAUTHENTICATED);
  expect(await codeOf(server.port, message, TOKEN)).not.toBe(status.UNAUTHENTICATED);
});

/** Sends raw bytes as the message of a Lease; the code of the answer. */
async function codeOf(port: number, message: Buffer, token: string): Promise<status> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const metadata = new Metadata();
  if (token !== "") metadata.set("authorization", `Bearer ${token}`);
  const asIs = (bytes: Buffer) => bytes;
  const { promise, resolve } = Promise.withResolvers<status>();
  client.makeUnaryRequest("/fleet.v1.RolloutCollector/Lease", asIs, asIs, message, metadata, (error) =>
    resolve(error?.code ?? status.OK),
  );
  return promise.finally(() => client.close());
}
