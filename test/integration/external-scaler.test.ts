import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serveExternalScaler } from "../../transport/index.ts";
import { openCertificates, type TestCertificates } from "../support/certificates.ts";
import { openKedaClient } from "../support/keda-client.ts";

const HOST = "127.0.0.1";
const triggerOf = (pool?: string) => ({
  name: "my-run-spot",
  namespace: "runs",
  scalerMetadata: { scalerAddress: "coordinator:7001", ...(pool !== undefined && { pool }) },
});

let ours: TestCertificates;
let foreign: TestCertificates;
beforeAll(async () => {
  [ours, foreign] = await Promise.all([openCertificates(), openCertificates()]);
});
afterAll(async () => {
  await Promise.all([ours, foreign].map((certificates) => certificates[Symbol.asyncDispose]()));
});

const serve = (replicas: () => ReadonlyMap<string, number> | null) =>
  serveExternalScaler({ host: HOST, port: 0, tls: ours.mutual, replicas });

describe("KEDA, with a client certificate,", { timeout: 20_000 }, () => {
  it("is told the replicas of the trigger's pool as a metric whose target is 1", async () => {
    await using server = await serve(() => new Map([["spot", 7]]));
    await using keda = openKedaClient(server.port, ours.client);
    const scaledObjectRef = triggerOf("spot");

    const { metricSpecs } = await keda.call("GetMetricSpec", scaledObjectRef);
    const { metricValues } = await keda.call("GetMetrics", {
      scaledObjectRef,
      metricName: "fleet-replicas-spot",
    });

    const metricName = "fleet-replicas-spot";
    expect(metricSpecs).toEqual([{ metricName, targetSize: 1, targetSizeFloat: 1 }]);
    expect(metricValues).toEqual([{ metricName, metricValue: 7, metricValueFloat: 7 }]);
  });

  it("is told that a pool is active while it is to have workers", async () => {
    await using server = await serve(
      () =>
        new Map([
          ["spot", 3],
          ["fixed", 0],
        ]),
    );
    await using keda = openKedaClient(server.port, ours.client);

    expect(await keda.call("IsActive", triggerOf("spot"))).toEqual({ result: true });
    expect(await keda.call("IsActive", triggerOf("fixed"))).toEqual({ result: false });
  });

  it("hears on its stream at once whether the pool is active, and then every change", async () => {
    let replicas: ReadonlyMap<string, number> | null = null;
    await using server = await serve(() => replicas);
    await using keda = openKedaClient(server.port, ours.client);
    const next = [4, 0, 2];
    const heard: unknown[] = [];

    const watch = keda.watch(triggerOf("spot"));
    replicas = new Map([["spot", 0]]);
    for await (const { result } of watch) {
      heard.push(result);
      const count = next.shift();
      if (heard.length === 4 || count === undefined) break;
      replicas = new Map([["spot", count]]);
    }

    expect(heard).toEqual([false, true, false, true]);
  });

  it("is asked to come again before anything is decided, so that it leaves everything as it is", async () => {
    await using server = await serve(() => null);
    await using keda = openKedaClient(server.port, ours.client);

    await expect(keda.call("IsActive", triggerOf("spot"))).rejects.toThrow(/UNAVAILABLE.*not decided yet/);
  });

  it.each([
    ["no pool", undefined, /metadata name no pool: set "pool" to one of scaling.pools \(spot\)/],
    ["a pool that is not scaled", "spto", /metadata name pool "spto": set "pool" to one of/],
  ])("is told what would be right when a trigger names %s", async (_, pool, message) => {
    await using server = await serve(() => new Map([["spot", 1]]));
    await using keda = openKedaClient(server.port, ours.client);

    await expect(keda.call("IsActive", triggerOf(pool))).rejects.toThrow(message);
  });
});

describe("Whoever shows no certificate of the scaler's authority", { timeout: 20_000 }, () => {
  it.each([
    ["shows none", () => ours.nameless],
    ["shows one of another authority", () => ({ ca: ours.client.ca, identity: foreign.client.identity })],
    ["speaks plain text", () => null],
  ])("gets no answer: %s", async (_, tls) => {
    await using server = await serve(() => new Map([["spot", 1]]));
    await using stranger = openKedaClient(server.port, tls());

    await expect(stranger.call("IsActive", triggerOf("spot"))).rejects.toThrow(
      /UNAVAILABLE|DEADLINE_EXCEEDED/,
    );
  });
});
