import { Kvm } from "@nats-io/kv";
import { z } from "zod";
import { MalformedMessageError } from "../codec/messages.ts";
import { hear } from "./hear.ts";
import type { NatsLink } from "./link.ts";
import { POLICY_KEY, runNames } from "./names.ts";

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
   * Every change from now on, the present value first; ends once `signal` aborts. One that happens while the connection
   * is lost is not seen.
   */
  watch(signal: AbortSignal): AsyncIterable<PointedPolicy>;
}

/** The pointer of a run whose streams exist. */
export async function openPolicyPointer(link: NatsLink, run: string): Promise<PolicyPointer> {
  const { policy: bucket, policyNews } = runNames(run);
  const kv = await new Kvm(link.stream).open(bucket, { allow_direct: true });

  async function get(): Promise<PointedPolicy | null> {
    const entry = await link.ask("the policy pointer", () => kv.get(POLICY_KEY));
    return entry === null ? null : parse(entry.value);
  }

  return {
    set: async (policy) => {
      await link.ask("the policy pointer to be set", () => kv.put(POLICY_KEY, JSON.stringify(policy)));
    },
    get,
    watch: async function* (signal) {
      if (signal.aborted) return;
      using changes = hear(link, policyNews, "the policy pointer's changes", signal);
      yield* presentAndLater(await get(), changes);
    },
  };
}

async function* presentAndLater(
  present: PointedPolicy | null,
  changes: AsyncIterable<{ readonly data: Uint8Array }>,
): AsyncGenerator<PointedPolicy, void> {
  if (present !== null) yield present;
  for await (const { data } of changes) {
    const policy = parse(data);
    if (policy.version >= (present?.version ?? 0)) yield policy; // Else it came before the answer.
  }
}

function parse(value: Uint8Array): PointedPolicy {
  try {
    return PointedPolicy.parse(JSON.parse(Buffer.from(value).toString()));
  } catch (cause) {
    throw new MalformedMessageError("the policy pointer is not one", { cause });
  }
}
