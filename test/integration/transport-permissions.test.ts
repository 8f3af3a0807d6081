import { describe, expect, test } from "vitest";
import { createRunSecrets, type NatsRole, NotPermittedError, openNats } from "../../transport/index.ts";
import { openTestNats } from "../support/nats.ts";

/** What each role must not do, as subjects that it may not publish to. */
const FORBIDDEN: Record<NatsRole, readonly string[]> = {
  worker: [
    "ledger.test",
    "rollouts.test",
    "tasks.test.train.base.t.0",
    "$KV.POLICY_test.newest",
    "$O.ADAPTERS_test.M.x",
    "$O.INSTANCES_test.C.x",
    "$JS.API.STREAM.CREATE.OWN",
    "$JS.API.STREAM.DELETE.TASKS_test",
    "$JS.API.STREAM.PURGE.TASKS_test",
    "$JS.API.STREAM.PURGE.ROLLOUTS_test",
    "$JS.API.STREAM.MSG.GET.LEDGER_test",
    "$JS.API.DIRECT.GET.ROLLOUTS_test",
    "$JS.API.CONSUMER.CREATE.LEDGER_test.x",
    "$JS.API.CONSUMER.CREATE.TASKS_test.own",
    "$JS.API.CONSUMER.CREATE.KV_POLICY_test.own",
    "$JS.API.CONSUMER.CREATE.OBJ_ADAPTERS_test.own",
    "$JS.API.STREAM.UPDATE.TASKS_test",
    "$JS.API.STREAM.DELETE.LEDGER_test",
    "$JS.API.STREAM.MSG.DELETE.ROLLOUTS_test",
    "$JS.API.CONSUMER.DELETE.TASKS_test.train-base",
    "$JS.API.STREAM.NAMES",
    "$JS.API.INFO",
    // Another run on the same server.
    "$JS.API.CONSUMER.MSG.NEXT.TASKS_other.train-base",
    "$JS.API.STREAM.MSG.GET.OBJ_ADAPTERS_other",
    "$KV.WORKERS_other.w",
    "uploads.test",
    "$SYS.REQ.SERVER.PING",
  ],
  coordinator: [
    "$JS.API.STREAM.DELETE.LEDGER_test",
    "$JS.API.STREAM.PURGE.LEDGER_test",
    "$JS.API.STREAM.UPDATE.LEDGER_test",
    "$JS.API.STREAM.MSG.DELETE.LEDGER_test",
    "$JS.API.STREAM.CREATE.LEDGER_other",
    "ledger.other",
    "tasks.other.train.base.t.0",
    "$KV.WORKERS_test.w",
    "uploads.other",
    "$SYS.REQ.SERVER.PING",
  ],
};

describe.each(Object.entries(FORBIDDEN) as [NatsRole, string[]][])("the user of a %s", (role, subjects) => {
  test("may publish to no subject that its role does not need", async () => {
    await using nats = await openTestNats();
    const link = await nats.link(role);

    for (const subject of subjects) {
      const refused = link.ask(subject, () => link.connection.request(subject, "", { timeout: 2_000 }));
      await expect(refused, subject).rejects.toThrow(NotPermittedError);
    }
  });

  test("hears its own answers and nothing else", async () => {
    await using nats = await openTestNats();
    const { connection } = await nats.link(role);

    for (const subject of ["tasks.>", "ledger.test", "_INBOX.>", "$KV.>", ">", "_INBOX_other.>"]) {
      const heard = Promise.withResolvers<Error | null>();
      connection.subscribe(subject, { callback: (error) => heard.resolve(error) });
      expect((await heard.promise)?.message, subject).toContain("Permissions Violation for Subscription");
    }
  });
});

test("a user of another run is nobody here", async () => {
  await using nats = await openTestNats({ streams: false });
  const { worker } = createRunSecrets().users;

  await expect(openNats({ url: nats.url, ...worker, name: "stranger" })).rejects.toThrow(
    "does not accept the user",
  );
});
