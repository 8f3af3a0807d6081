import type { RolloutView } from "../index.ts";
import { decimal } from "../numbers.ts";

/** What tokens can be coloured by. */
export const COLOURINGS = {
  logp: { label: "log-probability" },
  entropy: { label: "entropy" },
  advantage: { label: "advantage" },
  version: { label: "policy" },
} as const;

/** One of them. */
export type Colouring = keyof typeof COLOURINGS;

/** A class a token, and what the classes mean. */
export interface Buckets {
  readonly classes: readonly string[];
  readonly legend: string;
}

/** Shades above none. */
const SHADES = 6;
/** Where the darkest shade begins: a token of probability 1/400, and the entropy of 20 equal choices. */
const LEAST_LOGP = -6;
const MOST_ENTROPY = 3;
const MOST_ADVANTAGE = 2;

/** Colours each token of a completion. */
export function bucketsOf(rollout: RolloutView, colouring: Colouring): Buckets {
  const { logp, entropy } = rollout;
  switch (colouring) {
    case "logp":
      return {
        classes: logp.map((value) => shade("heat", value / LEAST_LOGP)),
        legend: `the darker, the less likely: none at 100 %, darkest from log p ${decimal(LEAST_LOGP, 0)} on (${decimal(100 * Math.exp(LEAST_LOGP), 2)} %)`,
      };
    case "entropy":
      return {
        classes: entropy.map((value) => shade("heat", value / MOST_ENTROPY)),
        legend: `the darker, the less sure: none at 0 nats, darkest from ${MOST_ENTROPY} nats on`,
      };
    case "advantage":
      return byAdvantage(rollout);
    case "version":
      return byVersion(rollout);
  }
}

function byAdvantage({ tokenIds, group, sequence, advantages, outcome }: RolloutView): Buckets {
  const value = advantages[group.findIndex((member) => member.sequence === sequence)] ?? null;
  if (value === null)
    return { classes: [], legend: "it has no advantage: there is nothing to compare it with" };
  const name = shade(value < 0 ? "down" : "up", Math.abs(value) / MOST_ADVANTAGE);
  const how = value === 0 ? "neither more nor less" : value > 0 ? "more" : "less";
  const legend = `${decimal(value, 3)}: every token of it ${outcome === "trained" ? "is" : "would be"} made ${how} likely`;
  return { classes: tokenIds.map(() => name), legend };
}

function byVersion({ tokenIds, spans }: RolloutView): Buckets {
  const versions = [...new Set(spans.map(({ policyVersion }) => policyVersion))];
  const classes = tokenIds.map((_, at) => {
    const span = spans.findLast(({ from }) => from <= at);
    return span === undefined ? "" : `policy-${versions.indexOf(span.policyVersion) % 4}`;
  });
  const legend =
    versions.length === 1
      ? `all of it was sampled by policy ${versions[0]}`
      : `it was sampled by policies ${versions.join(", ")}, in this order`;
  return { classes, legend };
}

/** `heat-1` … `heat-6`; none for the lightest. */
function shade(name: string, share: number): string {
  const at = Math.round(Math.max(0, Math.min(1, share)) * SHADES);
  return at === 0 ? "" : `${name}-${at}`;
}
