import { ScalingConfig } from "../../../coordinator/config.ts";
import { createScaler, type Scaler } from "../../../coordinator/scaling/scaler.ts";
import { MAX_TOKENS } from "../scenarios.ts";
import type { Policy, PolicyView } from "../simulate.ts";

/** How much faster the person who wrote the configuration took the workers to be than they are. */
const TAKEN_FOR = 1.2;

/** The coordinator's own: its scaler, on what it sees. */
export function createOwnPolicy(): Policy {
  let scaler: Scaler | undefined;
  return {
    name: "fleet",
    sparesWork: true,
    decide: (view) => {
      scaler ??= scalerOf(view);
      scaler.look(view.workers, view.nowSeconds * 1_000);
      return new Map(scaler.plan()?.pools.map(({ name, replicas }) => [name, replicas]));
    },
  };
}

function scalerOf({ scenario, state }: PolicyView): Scaler {
  const pools = scenario.pools.map(({ name, max, cost, startSeconds, tokensPerSecond }) => ({
    name,
    max,
    cost,
    startSeconds,
    tokensPerSecond: tokensPerSecond * TAKEN_FOR,
  }));
  return createScaler({ config: ScalingConfig.parse({ pools }), state, heldOut: 0, maxTokens: MAX_TOKENS });
}
