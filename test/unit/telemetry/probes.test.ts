import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openProbes, openTelemetry, TelemetryConfig } from "../../../telemetry/index.ts";

const LOOPBACK = "127.0.0.1:0";

let probes: Awaited<ReturnType<typeof openProbes>>;
beforeEach(async () => {
  probes = await openProbes(LOOPBACK);
});
afterEach(() => probes[Symbol.asyncDispose]());

async function ask(path: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${probes.port}${path}`);
  return `${answer.status} ${(await answer.text()).trim()}`;
}

describe("the probes of a process", () => {
  it("say that it is alive from the start, and that it has not started", async () => {
    expect(await ask("/livez")).toBe("200 ok");
    expect(await ask("/startupz")).toBe("503 still starting");
    expect(await ask("/readyz")).toBe("503 still starting");
  });

  it("say that it is ready once it has started and lacks nothing", async () => {
    probes.health.started();

    expect(await ask("/startupz")).toBe("200 ok");
    expect(await ask("/readyz?verbose")).toBe("200 ok");
  });

  it("say what it lacks, until it has it again; it stays started and alive", async () => {
    probes.health.started();
    probes.health.lacks("nats", "nats-server does not answer");
    probes.health.lacks("policy", "no policy is active yet");
    probes.health.lacks("policy", null);

    const lacking = [await ask("/startupz"), await ask("/readyz"), await ask("/livez")];
    probes.health.lacks("nats", null);

    expect(lacking).toEqual(["200 ok", "503 nats-server does not answer", "200 ok"]);
    expect(await ask("/readyz")).toBe("200 ok");
  });

  it("say that it is ready whatever it lacks of the kinds that are excluded", async () => {
    probes.health.started();
    probes.health.lacks("nats", "nats-server does not answer");
    probes.health.lacks("policy", "no policy is active yet");

    expect(await ask("/readyz?exclude=nats")).toBe("503 no policy is active yet");
    expect(await ask("/readyz?exclude=nats&exclude=policy")).toBe("200 ok");
  });

  it("answer another path with those that there are", async () => {
    expect(await ask("/healthz")).toBe("404 there are /metrics, /startupz, /readyz and /livez");
  });

  it("are refused in one sentence where the port is taken", async () => {
    const again = openProbes(`127.0.0.1:${probes.port}`);

    await expect(again).rejects.toMatchObject({
      message: `metrics cannot be served at 127.0.0.1:${probes.port}: the port is in use by another process`,
      disposition: "reject",
    });
  });

  it("leave the port when they are disposed of, also under a connection that is kept open", async () => {
    const { port } = probes;
    await ask("/livez");
    await probes[Symbol.asyncDispose]();

    probes = await openProbes(`127.0.0.1:${port}`);

    expect(await ask("/livez")).toBe("200 ok");
  });
});

describe("the metrics of a process", () => {
  const config = TelemetryConfig.parse({});
  const open = () => openTelemetry({ role: "worker", name: "w1", run: "r1", config, probes });

  it("are not there before it knows its run", async () => {
    expect(await ask("/metrics")).toBe("503 no metrics yet: the run's configuration is not known");
  });

  it("tell of the process and of what it counts, measures and observes, each series with its run", async () => {
    await using telemetry = await open();
    const { metrics } = telemetry;

    metrics.add("fleet.worker.tasks", 2, { outcome: "served" });
    metrics.add("fleet.worker.tasks", 1, { outcome: "served" });
    metrics.record("fleet.worker.reward.seconds", 0.02, {});
    metrics.observe("fleet.worker.slots", (tell) => tell(3, { state: "busy" }));
    const text = await ask("/metrics");

    expect(text).toContain('fleet_worker_tasks_total{outcome="served",fleet_run="r1"} 3\n');
    expect(text).toContain('fleet_worker_reward_seconds_bucket{fleet_run="r1",le="0.01"} 0\n');
    expect(text).toContain('fleet_worker_reward_seconds_bucket{fleet_run="r1",le="0.025"} 1\n');
    expect(text).toContain('fleet_worker_slots{state="busy",fleet_run="r1"} 3');
    expect(text).toMatch(/fleet_process_memory_bytes\{kind="resident",fleet_run="r1"\} \d{7,}\n/);
    expect(text).toContain('fleet_process_ready{fleet_run="r1"} 0\n');
  });

  it("are off where nothing is served and nothing is sent, and the SDK is not loaded", async () => {
    await using unserved = await openProbes(null);
    await using telemetry = await openTelemetry({
      role: "worker",
      name: "w1",
      run: "r1",
      config,
      probes: unserved,
    });

    expect(telemetry.metrics.isOn).toBe(false);
    expect(() => telemetry.metrics.add("fleet.worker.tasks", 1, { outcome: "served" })).not.toThrow();
  });
});
