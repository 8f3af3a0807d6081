import { createHash, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  createPresence,
  createRunSecrets,
  createRunStreams,
  createTaskPublisher,
  type NatsLink,
  openAdapterStore,
  openInstanceStore,
  openNats,
  openPolicyPointer,
  openTaskQueue,
} from "../../transport/index.ts";
import { beginUpload, heardUpload } from "../support/arriving-adapter.ts";
import { freePort } from "../support/bare-server.ts";
import { openForgedLeaf } from "../support/forged-leaf.ts";
import { hubConfig, openHubAndLeaf, openLeaf } from "../support/hub-and-leaf.ts";
import { openNatsCluster, until } from "../support/nats-cluster.ts";
import { bytes, text } from "../support/utf8.ts";

const RUN = "test";
const STREAMS = { lanes: ["train"], variants: ["base"], ackWaitMs: 2_000, presenceTtlMs: 5_000 };
const TASK = { lane: "train", variant: "base", task: "t", dispatch: 0 };
const PRESENCE = {
  ...{ name: "far", pool: "", device: "cpu", modelDigest: "", quantization: "", variant: "base", slots: 1 },
  ...{ busySlots: 0, policyVersion: 0, tokensPerSecond: 0, draining: false, wait: null },
};
const HELD = ["LEDGER", "ROLLOUTS", "TASKS", "KV_POLICY", "OBJ_ADAPTERS", "OBJ_INSTANCES"];
const NEXT = "$JS.test.API.CONSUMER.MSG.NEXT.TASKS_test.train-base";
const never = new AbortController().signal;

/** What a leaf must not send, whatever is behind it. */
const FORBIDDEN = [
  "ledger.test",
  "rollouts.test",
  "tasks.test.train.base.forged.0",
  "$O.ADAPTERS_test.M.forged",
  "policy.test",
  "uploads.test",
  "_INBOX_worker.other",
  ...["$JS.API", "$JS.test.API"].flatMap((api) => [
    `${api}.STREAM.CREATE.OWN`,
    `${api}.STREAM.PURGE.ROLLOUTS_test`,
    `${api}.STREAM.DELETE.LEDGER_test`,
    `${api}.STREAM.MSG.GET.LEDGER_test`,
    `${api}.STREAM.MSG.DELETE.ROLLOUTS_test`,
    `${api}.CONSUMER.CREATE.TASKS_test.own`,
    `${api}.CONSUMER.DELETE.TASKS_test.train-base`,
    `${api}.DIRECT.GET.ROLLOUTS_test`,
  ]),
  "$KV.POLICY_test.newest",
  "$JS.test.API.$KV.POLICY_test.newest",
];

describe("behind a leaf", () => {
  it("a worker has all that it has beside the hub", async () => {
    await using servers = await openServers();
    const { coordinator, far } = servers;
    const adapter = randomBytes(20_000_000);
    const digest = createHash("sha256").update(adapter).digest("hex");
    const policy = { version: 1, adapter: digest, base: "b" };
    const stop = new AbortController();

    await createTaskPublisher(coordinator, RUN).publish(TASK, bytes("T"));
    await using queue = await openTaskQueue(far, RUN, { lanes: ["train"], variant: "base" });
    const delivery = await queue.pull(5_000, never);
    delivery?.working();
    delivery?.ack();
    const fetched: Uint8Array[] = [];
    for (const open of [openAdapterStore, openInstanceStore]) {
      await (await open(coordinator, RUN)).put(digest, adapter);
      fetched.push(await (await open(far, RUN)).get(digest));
    }
    const pointer = await openPolicyPointer(coordinator, RUN);
    await pointer.set(policy);
    const changes = (await openPolicyPointer(far, RUN)).watch(stop.signal)[Symbol.asyncIterator]();
    const present = await changes.next();
    await pointer.set({ ...policy, version: 2 });
    const changed = await changes.next();
    stop.abort();
    await createPresence(far, RUN).announce(PRESENCE);

    expect(fetched.map((found) => Buffer.compare(found, adapter))).toEqual([0, 0]);
    expect(text(delivery?.data ?? new Uint8Array())).toBe("T");
    await expect.poll(() => createTaskPublisher(coordinator, RUN).list()).toEqual([]);
    expect([present.value, changed.value]).toEqual([policy, { ...policy, version: 2 }]);
    expect(await createPresence(coordinator, RUN).list()).toEqual([PRESENCE]);
  });

  it("a worker reads an adapter while it arrives", async () => {
    await using servers = await openServers();
    const { coordinator, far } = servers;
    const adapter = randomBytes(3_000_000);
    const reader = await openAdapterStore(far, RUN);

    const arriving = heardUpload(reader, (upload) => Array.fromAsync(reader.readUpload(upload, never)));
    await far.connection.flush();
    await using upload = await beginUpload(coordinator, RUN, adapter);
    await upload.end();

    expect(adapter.equals(Buffer.concat(await arriving))).toBe(true);
  });

  it("a worker reaches streams that three servers keep", async () => {
    const { users } = createRunSecrets();
    const ports = [await freePort(), await freePort(), await freePort()];
    const unused = [...ports];
    await using cluster = await openNatsCluster((folder) => hubConfig(RUN, users, unused.pop() ?? 0)(folder));
    await until("the streams", async () => {
      await using coordinator = await openNats({ ...users.coordinator, url: cluster.url, name: "test" });
      await createRunStreams(coordinator, RUN, { ...STREAMS, replicas: 3 });
      return true;
    });
    await using coordinator = await openNats({ ...users.coordinator, url: cluster.url, name: "test" });
    await createTaskPublisher(coordinator, RUN).publish(TASK, bytes("T"));

    const taken: string[] = [];
    for (const port of ports) {
      await using leaf = await openLeaf(port, users.worker);
      const options = { ...users.worker, url: leaf.url, name: "test", domain: RUN };
      await until("the leaf to reach the hub", async () => {
        await using worker = await openNats(options);
        await using queue = await openTaskQueue(worker, RUN, { lanes: ["train"], variant: "base" });
        const delivery = await queue.pull(5_000, never);
        delivery?.nak();
        await worker.connection.flush();
        if (delivery !== null) taken.push(text(delivery.data));
        return delivery !== null;
      });
    }

    expect(taken).toEqual(["T", "T", "T"]);
  }, 120_000);

  it("who sends what no worker may is told so by the hub, and nothing comes of it", async () => {
    await using servers = await openServers();
    const before = await holdings(servers.coordinator);

    for (const subject of FORBIDDEN) {
      await using forged = await openForgedLeaf(servers.leafPort, servers.leafUser);
      forged.send(subject, "{}", "_INBOX_worker.forged");
      expect(await forged.said(), subject).toContain("Permissions Violation for Publish");
    }

    expect(await holdings(servers.coordinator)).toEqual(before);
  });

  it("who has an answer sent elsewhere has it sent nowhere", async () => {
    await using servers = await openServers();
    await createTaskPublisher(servers.coordinator, RUN).publish(TASK, bytes("T"));
    const before = await holdings(servers.coordinator);
    await using forged = await openForgedLeaf(servers.leafPort, servers.leafUser);

    const targets = [
      "ledger.test",
      "rollouts.test",
      "$JS.API.STREAM.PURGE.TASKS_test",
      "$KV.POLICY_test.newest",
    ];
    for (const target of targets) forged.send(NEXT, '{"batch":1,"no_wait":true}', target);
    forged.listen("_INBOX_worker.forged");
    forged.send("$JS.test.API.CONSUMER.INFO.TASKS_test.train-base", "", "_INBOX_worker.forged");

    await expect.poll(() => forged.said()).toContain("LMSG _INBOX_worker.forged");
    expect(await holdings(servers.coordinator)).toEqual(before);
  });

  it("nobody hears what is not for workers", async () => {
    await using servers = await openServers();
    await using forged = await openForgedLeaf(servers.leafPort, servers.leafUser);

    for (const subject of [">", "ledger.test", "tasks.test.>", "_INBOX_coordinator.>"])
      forged.listen(subject);
    await forged.said();
    await createTaskPublisher(servers.coordinator, RUN).publish(TASK, bytes("a secret prompt"));

    expect(await forged.said()).not.toContain("a secret prompt");
  });

  it("only the leafs' user is let in, and it nowhere else", async () => {
    await using servers = await openServers();
    const { users } = servers;

    for (const user of [users.coordinator, users.worker]) {
      await using forged = await openForgedLeaf(servers.leafPort, user);
      expect(await forged.said()).toContain("Authorization Violation");
    }
    const asClient = openNats({ ...servers.leafUser, url: servers.hub.url, name: "test" });

    await expect(asClient).rejects.toThrow('does not accept the user "leaf"');
  });
});

/** A hub with a run's streams, a leaf, and a link to each, once the leaf has reached the hub. */
async function openServers() {
  await using opening = new AsyncDisposableStack();
  const secrets = createRunSecrets();
  const { users } = secrets;
  const { hub, leaf, leafPort } = opening.use(await openHubAndLeaf(RUN, secrets));
  const link = async (options: Parameters<typeof openNats>[0]) => {
    await until(`${options.url} to answer`, () =>
      openNats(options).then((opened) => opened[Symbol.asyncDispose]().then(() => true)),
    );
    return opening.use(await openNats(options));
  };
  const coordinator = await link({ ...users.coordinator, url: hub.url, name: "test" });
  await createRunStreams(coordinator, RUN, STREAMS);
  const far = await link({ ...users.worker, url: leaf.url, name: "test", domain: RUN });
  const pointer = await openPolicyPointer(far, RUN);
  await until("the leaf to reach the hub", async () => (await pointer.get()) === null);
  const open = opening.move();
  return {
    ...{ hub, leafPort, users, coordinator, far },
    leafUser: { user: "leaf", password: users.worker.password },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** What each stream of the run holds. */
async function holdings(link: NatsLink): Promise<Record<string, unknown>> {
  const found = HELD.map(async (stream) => {
    const { state } = await link.manager.streams.info(`${stream}_test`);
    return [stream, { messages: state.messages, last: state.last_seq }] as const;
  });
  return Object.fromEntries(await Promise.all(found));
}
