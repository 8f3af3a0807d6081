import { Server, ServerCredentials } from "@grpc/grpc-js";
import type { RewarderHandlers } from "../../proto/index.ts";
import { wireServices } from "../../transport/codec/schema.ts";

/** Serves a reward on a port of its own. Disposing ends it. */
export async function serveRewarder(
  score: RewarderHandlers["Score"],
): Promise<AsyncDisposable & { address: string }> {
  const server = new Server();
  server.addService(wireServices().rewarder, { Score: score } satisfies RewarderHandlers);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    address: `127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => server.forceShutdown(),
  };
}
