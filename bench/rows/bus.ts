/**
 * What a rollout costs the bus: nats-server's own counts over whole groups of short and of long completions.
 *
 * @module
 */
import { z } from "zod";
import { type CoordinatedRun, openCoordinatedRun } from "../../test/support/coordinated-run.ts";
import { openScriptedWorker } from "../../test/support/scripted-worker.ts";
import type { Bench, Row } from "../row.ts";

const GROUPS = 16;
const GROUP = 16;
const SHORT_TOKENS = 20;
const LONG_TOKENS = 2_000;
const PATIENT_MS = 600_000;
/** The server's report of itself. */
const REPORT = "$SYS.REQ.SERVER.PING.VARZ";
/** Messages that nobody sent for a rollout: signs of presence, looks after the streams. */
const STRAY_PER_TOKEN = 1e-3;

const Counts = z.object({
  data: z.object({ in_msgs: z.number(), in_bytes: z.number() }),
});

/** Rows `bus-messages`, `bus-bytes` and `bus-messages-per-token`. */
export const busBench: Bench = {
  name: "bus",
  async measure(): Promise<Row[]> {
    const short = await costOf(SHORT_TOKENS);
    const long = await costOf(LONG_TOKENS);
    const of = `of a rollout of ${LONG_TOKENS.toLocaleString("en")} tokens in a group of ${GROUP}`;
    return [
      {
        id: "bus-messages",
        what: `messages that nats-server takes in, ${of}: its share of the task, leases and acknowledgements included`,
        value: long.messages,
        unit: "messages",
      },
      { id: "bus-bytes", what: `bytes that nats-server takes in, ${of}`, value: long.bytes, unit: "bytes" },
      {
        id: "bus-messages-per-token",
        what: "further messages for each further token",
        value: Math.max(0, long.messages - short.messages) / (LONG_TOKENS - SHORT_TOKENS),
        unit: "messages",
        atMost: STRAY_PER_TOKEN,
      },
    ];
  },
};

interface Cost {
  readonly messages: number;
  readonly bytes: number;
}

/** Mean over the rollouts of a run's first batch, from when its coordinator serves to the last acknowledgement. */
async function costOf(tokens: number): Promise<Cost> {
  await using run = await openCoordinatedRun({
    steps: 1,
    instances: GROUPS,
    batch: { prompts: GROUPS, group: GROUP, staleness: 0 },
    ackWaitMs: PATIENT_MS,
  });
  await run.start({ child: true });
  await using worker = await openScriptedWorker(run, "loader");
  const before = await countsOf(run);
  const ids = Array.from({ length: tokens }, (_, i) => i % 1_000);
  for (let task = 0; task < GROUPS; task++) {
    const { granted, ...pulled } = await worker.work();
    await Promise.all(
      granted.samples.map(({ sample }) =>
        worker.finish(pulled, granted, sample, { reward: sample % 2, tokens: ids }),
      ),
    );
    pulled.ack();
  }
  const after = await countsOf(run);
  const rollouts = GROUPS * GROUP;
  return {
    messages: (after.messages - before.messages) / rollouts,
    bytes: (after.bytes - before.bytes) / rollouts,
  };
}

async function countsOf(run: CoordinatedRun): Promise<Cost> {
  const link = await run.nats.link("coordinator");
  const answer = await link.connection.request(REPORT);
  const { data } = Counts.parse(answer.json());
  return { messages: data.in_msgs, bytes: data.in_bytes };
}
