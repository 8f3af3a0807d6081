import { describe, expect, it } from "vitest";
import {
  assertSynchronous,
  createRunStreams,
  createTaskPublisher,
  openNats,
  openPolicyPointer,
  openTaskQueue,
  readStorage,
} from "../../transport/index.ts";
import { openCertificates } from "../support/certificates.ts";
import { PASSWORDS, startChartServers } from "../support/chart-servers.ts";
import { findHelm } from "../support/helm.ts";
import { until } from "../support/nats-cluster.ts";
import { bytes, text } from "../support/utf8.ts";

const RUN = "my-run";
const STREAMS = { lanes: ["train"], variants: ["base"], ackWaitMs: 2_000, presenceTtlMs: 5_000 } as const;
const TASK = { lane: "train", variant: "base", task: "t", dispatch: 0 };

const helm = findHelm();

describe.skipIf(helm === null)("the chart's nats-servers", { timeout: 60_000 }, () => {
  const startServers = (values: string, options = {}) => startChartServers(helm ?? "", values, options);

  it("let each role do its own and nothing else", async () => {
    await using servers = await startServers("helm/examples/demo.yaml");
    await using coordinator = await servers.link("coordinator");
    await using worker = await servers.link("worker");

    await createRunStreams(coordinator, RUN, STREAMS);
    const refused = createRunStreams(worker, RUN, STREAMS);

    await expect(refused).rejects.toThrow(/permission/i);
    await expect(assertSynchronous(coordinator)).resolves.toBeNull();
    await expect(servers.link("coordinator", { password: "wrong" })).rejects.toThrow();
  });

  it("find each other by three, with the password for routes, and keep three copies", async () => {
    await using servers = await startServers("helm/examples/spot-and-fixed.yaml");
    await using coordinator = await servers.link("coordinator");

    // The servers of a cluster choose who speaks for it before anything can be made.
    await until("three copies of every stream", async () => {
      await createRunStreams(coordinator, RUN, { ...STREAMS, replicas: 3 });
      return true;
    });

    const { config, cluster } = await coordinator.manager.streams.info(`LEDGER_${RUN}`);
    expect(config.num_replicas).toBe(3);
    expect(cluster?.replicas?.length).toBe(2);
  });

  it("let nobody in without a certificate, where both ends show one", async () => {
    await using certificates = await openCertificates();
    await using servers = await startServers("helm/examples/mtls.yaml", { certificates });
    await using coordinator = await servers.link("coordinator");

    const nameless = openNats({
      url: servers.url,
      user: "coordinator",
      password: PASSWORDS.coordinator,
      name: "test",
      tls: certificates.nameless,
    });

    await expect(nameless).rejects.toThrow(/certificate/);
    await expect(readStorage(coordinator)).resolves.toHaveLength(1);
  });

  it("give workers of a second cluster what they need of the first", async () => {
    await using certificates = await openCertificates();
    await using hub = await startServers("helm/examples/mtls.yaml", { certificates });
    await using leaf = await startServers("helm/examples/second-cluster.yaml", {
      ...{ release: "my-run-workers", certificates, hub: hub.leafPorts[0] },
    });
    await using coordinator = await hub.link("coordinator");
    await using worker = await leaf.link("worker", { domain: RUN });
    const policy = { version: 1, adapter: "a", base: "b" };

    await createRunStreams(coordinator, RUN, STREAMS);
    await (await openPolicyPointer(coordinator, RUN)).set(policy);
    const pointer = await openPolicyPointer(worker, RUN);
    await until("the leaf to reach the hub", async () => (await pointer.get()) !== null);
    await createTaskPublisher(coordinator, RUN).publish(TASK, bytes("T"));
    await using queue = await openTaskQueue(worker, RUN, { lanes: ["train"], variant: "base" });
    const delivery = await queue.pull(10_000, new AbortController().signal);
    delivery?.ack();

    expect(await pointer.get()).toEqual(policy);
    expect(text(delivery?.data ?? new Uint8Array())).toBe("T");
    await expect.poll(() => createTaskPublisher(coordinator, RUN).list()).toEqual([]);
  });
});
