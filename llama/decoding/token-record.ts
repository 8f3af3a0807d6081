import type { EngineTokens, Policy, PolicySpan } from "./generation.ts";
import type { Choice } from "./sampler.ts";

/** The tokens of a completion as they are sampled, with what is recorded of each. */
export interface TokenRecord {
  readonly count: number;
  readonly last: number;
  /** @returns whether it begins a span */
  add(choice: Choice, policy: Policy): boolean;
  read(): EngineTokens;
}

/**
 * Starts a record from what an earlier engine recorded. The first token added begins a span of its own, also under the
 * prefix's policy, since it is sampled elsewhere.
 *
 * @param keepsLogq - whether sampling is truncated
 */
export function createTokenRecord(prefix: EngineTokens | undefined, keepsLogq: boolean): TokenRecord {
  const tokens = [...(prefix?.tokens ?? [])];
  const logp = [...(prefix?.logp ?? [])];
  const logq = [...(prefix?.logq ?? [])];
  const entropy = [...(prefix?.entropy ?? [])];
  const spans: PolicySpan[] = [...(prefix?.spans ?? [])];
  let sampledUnder: Policy | null = null;
  return {
    get count() {
      return tokens.length;
    },
    get last() {
      return tokens.at(-1) ?? -1;
    },
    add(choice, policy) {
      const begins = policy.version !== sampledUnder?.version || policy.adapter !== sampledUnder.adapter;
      if (begins) spans.push({ from: tokens.length, policy });
      sampledUnder = policy;
      tokens.push(choice.token);
      logp.push(choice.logp);
      if (keepsLogq) logq.push(choice.logq);
      entropy.push(choice.entropy);
      return begins;
    },
    read: () => ({
      tokens: Int32Array.from(tokens),
      logp: Float32Array.from(logp),
      logq: Float32Array.from(logq),
      entropy: Float32Array.from(entropy),
      spans: [...spans],
    }),
  };
}
