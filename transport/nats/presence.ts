import { z } from "zod";
import { directGet } from "./direct-get.ts";
import type { NatsLink } from "./link.ts";
import { kvStream, runNames, subjectToken, underApi } from "./names.ts";

const WorkerPresence = z.object({
  name: z.string(),
  device: z.string(),
  /** SHA-256 of the model's file, in hex. */
  modelDigest: z.string(),
  quantization: z.string(),
  variant: z.string(),
  /** Which pool of workers it is of; empty where nobody said. */
  pool: z.string().default(""),
  slots: z.number(),
  busySlots: z.number(),
  /** Of the policy that new tokens are sampled under. */
  policyVersion: z.number(),
  tokensPerSecond: z.number(),
  /** Whether it hands over what it has and goes. */
  draining: z.boolean().default(false),
  /** What it has waited for longest; `deadlineMs` is null where another deadline ends it. */
  wait: z
    .object({ name: z.string(), ms: z.number(), deadlineMs: z.number().nullable() })
    .nullable()
    .default(null),
});

/** What a worker says of itself. */
export type WorkerPresence = Readonly<z.output<typeof WorkerPresence>>;

/** The WORKERS bucket of a run: who is there. An announcement is forgotten when it is not renewed. */
export interface Presence {
  announce(presence: WorkerPresence): Promise<void>;
  /** Those announced and not yet forgotten, by name. */
  list(): Promise<WorkerPresence[]>;
}

/** The presence of workers in a run whose streams exist. */
export function createPresence(link: NatsLink, run: string): Presence {
  const bucket = runNames(run).workers;
  const everyone = `$KV.${bucket}.>`;

  async function list(): Promise<WorkerPresence[]> {
    const present: WorkerPresence[] = [];
    const query = { multi_last: [everyone] };
    for await (const { data } of directGet(link, "the workers that are there", kvStream(bucket), query)) {
      const parsed = WorkerPresence.safeParse(parseJson(data));
      if (parsed.success) present.push(parsed.data); // One of another version of this program is not counted.
    }
    return present.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  return {
    announce: async (presence) => {
      const key = `$KV.${bucket}.${subjectToken(presence.name)}`;
      const subject = underApi(link.stream.apiPrefix, key);
      const announce = () => link.stream.publish(subject, JSON.stringify(presence));
      await link.ask("presence to be announced", announce);
    },
    list,
  };
}

function parseJson(data: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(data).toString());
  } catch {
    return null;
  }
}
