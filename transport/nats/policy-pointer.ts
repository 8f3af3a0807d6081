import { Kvm } from "@nats-io/kv";
import { z } from "zod";
import { MalformedMessageError } from "../codec/messages.ts";
import { natsError } from "./errors.ts";
import type { NatsLink } from "./link.ts";
import { runNames } from "./names.ts";

const PointedPolicy = z.object({
  version: z.int().min(0),
  /** SHA-256 of the adapter, in hex; empty for the base itself. */
  adapter: z.string(),
  /** SHA-256 of the base that the adapter belongs to, in hex. */
  base: z.string(),
});

/** What the pointer says: the newest policy. */
export type PointedPolicy = Readonly<z.output<typeof PointedPolicy>>;

/** The POLICY bucket of a run: a copy of the ledger's newest policy, which workers follow. */
export interface PolicyPointer {
  set(policy: PointedPolicy): Promise<void>;
  /** Null before the first policy. */
  get(): Promise<PointedPolicy | null>;
  /**
   * Every change from now on, the present value first; ends once `signal` aborts. When several come at once the newest
   * may be the only one seen.
   */
  watch(signal: AbortSignal): AsyncIterable<PointedPolicy>;
}

const KEY = "newest";

/** The pointer of a run whose streams exist. */
export async function openPolicyPointer(link: NatsLink, run: string): Promise<PolicyPointer> {
  const bucket = runNames(run).policy;
  const kv = await new Kvm(link.stream).open(bucket, { allow_direct: true });

  return {
    set: async (policy) => {
      await link.ask("the policy pointer to be set", () => kv.put(KEY, JSON.stringify(policy)));
    },
    get: async () => {
      const entry = await link.ask("the policy pointer", () => kv.get(KEY));
      return entry === null ? null : parse(entry.value);
    },
    watch: async function* (signal) {
      if (signal.aborted) return;
      const entries = await link.ask("the policy pointer's changes", () => kv.watch({ key: KEY }));
      const stop = () => entries.stop();
      signal.addEventListener("abort", stop, { once: true });
      if (signal.aborted) stop(); // Meanwhile.
      try {
        for await (const entry of entries) yield parse(entry.value);
      } catch (error) {
        throw natsError("the policy pointer's changes", error);
      } finally {
        signal.removeEventListener("abort", stop);
        stop();
      }
    },
  };
}

function parse(value: Uint8Array): PointedPolicy {
  try {
    return PointedPolicy.parse(JSON.parse(Buffer.from(value).toString()));
  } catch (cause) {
    throw new MalformedMessageError("the policy pointer is not one", { cause });
  }
}
