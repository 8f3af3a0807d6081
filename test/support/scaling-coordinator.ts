import type { PoolReport, ScalingAnswerInit } from "../../proto/index.ts";
import { serve } from "./fleet-over-grpc.ts";

/** A coordinator that wants what it is told to, and notes what it hears. */
export async function openScalingCoordinator() {
  const wanted: { pool: string; replicas: number; order: string[] } = {
    pool: "spot",
    replicas: 0,
    order: [],
  };
  let heard: readonly PoolReport[] = [];
  const server = await serve({
    scaling: async ({ pools }): Promise<ScalingAnswerInit> => {
      if (pools.length > 0) heard = pools;
      const { pool } = wanted;
      const workers = wanted.order.map((name) => ({ name, pool, busySlots: 1, heldTokens: 1 }));
      return {
        pools: [{ name: pool, replicas: wanted.replicas, max: 9 }],
        workers,
        why: "the test says so",
      };
    },
  });
  return {
    address: `127.0.0.1:${server.port}`,
    wanted,
    heard: () => heard,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
