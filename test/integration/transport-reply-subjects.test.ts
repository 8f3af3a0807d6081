import { describe, expect, test } from "vitest";
import { createTaskPublisher, type NatsLink, openTaskQueue } from "../../transport/index.ts";
import { openTestNats, type TestNats } from "../support/nats.ts";
import { bytes, text } from "../support/utf8.ts";

const TASK = { lane: "train", variant: "base", task: "t", dispatch: 0 };
const NEXT = "$JS.API.CONSUMER.MSG.NEXT.TASKS_test.train-base";
const STREAMS = ["LEDGER", "ROLLOUTS", "TASKS", "KV_POLICY", "OBJ_ADAPTERS", "OBJ_INSTANCES"];
const never = new AbortController().signal;

/** Everything that a worker may ask and that is answered. */
const QUESTIONS: Record<string, readonly [subject: string, body: string]> = {
  "a task": [NEXT, '{"batch":1,"expires":2000000000}'],
  "a task, where there is none": [NEXT, '{"batch":1,"no_wait":true}'],
  "a request that is malformed": [NEXT, "{"],
  "what a consumer is like": ["$JS.API.CONSUMER.INFO.TASKS_test.train-base", ""],
  "its presence to be kept": ["$KV.WORKERS_test.w", "{}"],
  "the policy": ["$JS.API.DIRECT.GET.KV_POLICY_test.$KV.POLICY_test.newest", ""],
  "an adapter": ["$JS.API.DIRECT.GET.OBJ_ADAPTERS_test", '{"seq":1,"batch":2,"next_by_subj":">"}'],
};

/** Subjects where an answer would be stored, or carried out. */
const TARGETS = [
  "ledger.test",
  "rollouts.test",
  "tasks.test.train.base.forged.0",
  "$KV.POLICY_test.newest",
  "$O.ADAPTERS_test.M.forged",
  "$JS.API.STREAM.PURGE.TASKS_test",
  "$JS.API.STREAM.DELETE.ROLLOUTS_test",
  "$JS.API.STREAM.DELETE.LEDGER_test",
];

describe("the answer to a worker that asks for", () => {
  test.each(Object.entries(QUESTIONS))(
    "%s goes to that worker, whatever subject it names",
    async (_, question) => {
      await using nats = await openTestNats();
      const coordinator = await nats.link("coordinator");
      const worker = await nats.link("worker");
      await createTaskPublisher(coordinator, nats.run).publish(TASK, bytes("T"));
      const before = await holdings(coordinator);

      for (const reply of TARGETS) {
        worker.connection.publish(question[0], question[1], { reply });
        await worker.connection.flush();
        await settle(nats);
      }

      expect(await holdings(coordinator)).toEqual(before);
    },
  );
});

test("a worker that is gone is given no task, though it was waiting for one", async () => {
  await using nats = await openTestNats({ streams: { ackWaitMs: 60_000 } });
  const publisher = createTaskPublisher(await nats.link("coordinator"), nats.run);
  const lanes = { lanes: ["train"], variant: "base" };
  const gone = await nats.link("worker");
  const waiting = (await openTaskQueue(gone, nats.run, lanes)).pull(5_000, never);
  await settle(nats);
  const ended = expect(waiting).rejects.toThrow("the connection to nats-server was");
  await gone.connection.close();
  await ended;
  await using staying = await openTaskQueue(await nats.link("worker"), nats.run, lanes);

  await publisher.publish(TASK, bytes("T"));

  expect(text((await staying.pull(5_000, never))?.data ?? new Uint8Array())).toBe("T");
});

/** Asks the server something and waits for the answer, so that it has done what it was asked before. */
async function settle(nats: TestNats): Promise<void> {
  const link = await nats.link("worker");
  const ask = () =>
    link.connection.request("$JS.API.CONSUMER.INFO.TASKS_test.eval-base", "", { timeout: 5_000 });
  for (let i = 0; i < 3; i++) await ask();
}

/** What each stream of the run holds. */
async function holdings(link: NatsLink): Promise<Record<string, unknown>> {
  const found = STREAMS.map(async (stream) => {
    const { state } = await link.manager.streams.info(`${stream}_test`);
    return [stream, { messages: state.messages, last: state.last_seq }] as const;
  });
  return Object.fromEntries(await Promise.all(found));
}
