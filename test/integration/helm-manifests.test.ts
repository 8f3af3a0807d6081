import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { coordinatorEnvironment } from "../../coordinator/index.ts";
import { findHelm, type Manifest, named, podOf, refusal, render } from "../support/helm.ts";

const EXAMPLES = "helm/examples";
const DEMO = join(EXAMPLES, "demo.yaml");
const APIS = ["cert-manager.io/v1", "keda.sh/v1alpha1", "monitoring.coreos.com/v1"];
const SECRETS = ["token", "coordinator-password", "worker-password", "route-password"];

const helm = findHelm();

describe.skipIf(helm === null)("the chart", () => {
  const of = (values: string, more = {}) => render(helm ?? "", values, { apis: APIS, ...more });

  it("makes secrets of 43 random characters each, new ones for each installation", () => {
    const [first, second] = [of(DEMO), of(DEMO)].map(
      (objects) => named(objects, "Secret", "my-run-secrets").data,
    );

    const texts = SECRETS.map((key) => Buffer.from(first[key], "base64").toString());
    for (const text of texts) expect(text).toMatch(/^[A-Za-z0-9]{43}$/);
    expect(new Set(texts).size).toBe(SECRETS.length);
    expect(second.token).not.toBe(first.token);
  });

  it("makes none where a Secret is named, and mounts that one", () => {
    const objects = of(DEMO, { set: ["secrets.existingSecret=mine"] });

    expect(objects.filter(({ kind }) => kind === "Secret")).toEqual([]);
    const volumes = podOf(named(objects, "Deployment", "my-run-worker-cpu")).volumes;
    expect(volumes.find(({ name }: Manifest) => name === "secrets").secret).toMatchObject({
      secretName: "mine",
      items: [{ key: "token", path: "token" }],
    });
  });

  it("trains in the demo what `make demo` trains", () => {
    const written = parse(readFileSync("examples/demo/run.yaml", "utf8"));
    const { local: _, ...demo } = written;
    const { run } = parse(readFileSync(DEMO, "utf8"));

    expect(JSON.parse(JSON.stringify(run).replaceAll("/app/examples/demo/", ""))).toEqual(demo);
  });

  it("gives the coordinator the run as it was written, and what the chart knows better", () => {
    const objects = of(DEMO, { set: ["drainSeconds=20"] });

    const run = parse(named(objects, "ConfigMap", "my-run-run").data["run.yaml"]);
    expect(run.optimizer.learningRate).toBe(0.003);
    expect(run.worker).toEqual({ liveGroups: 8, drainTimeoutMs: 20_000 });
    expect(run.storage).toEqual({ replicas: 1 });
    expect(run).not.toHaveProperty("local");
  });

  it("starts the coordinator in the environment that keeps its memory small", () => {
    const [coordinator] = podOf(named(of(DEMO), "StatefulSet", "my-run-coordinator")).containers;

    expect(Object.fromEntries(coordinator.env.map(({ name, value }: Manifest) => [name, value]))).toEqual(
      coordinatorEnvironment({}),
    );
  });

  it("leaves the size of a pool that is scaled to who scales it", () => {
    const objects = of(join(EXAMPLES, "spot-and-fixed.yaml"));

    expect(named(objects, "Deployment", "my-run-worker-fixed").spec.replicas).toBe(2);
    expect(named(objects, "Deployment", "my-run-worker-spot").spec).not.toHaveProperty("replicas");
    const run = parse(named(objects, "ConfigMap", "my-run-run").data["run.yaml"]);
    expect(run.scaling.pools).toEqual([{ name: "spot", min: 0, max: 8, cost: 0.3, startSeconds: 240 }]);
  });

  it("asks each role itself, by its metrics port, whether it has started, can work and lives", () => {
    const objects = of(DEMO);

    const roles = [
      podOf(named(objects, "StatefulSet", "my-run-coordinator")),
      podOf(named(objects, "StatefulSet", "my-run-updater")),
      podOf(named(objects, "Deployment", "my-run-worker-cpu")),
    ].map(({ containers: [role] }) => role);
    for (const { args, ports, startupProbe, readinessProbe, livenessProbe } of roles) {
      expect(args).toContain("--metrics=0.0.0.0:9464");
      expect(ports).toContainEqual({ name: "metrics", containerPort: 9464 });
      const paths = [startupProbe, readinessProbe, livenessProbe].map(({ httpGet }) => httpGet.path);
      expect(paths).toEqual(["/startupz", "/readyz?exclude=coordinator&exclude=nats", "/livez"]);
    }
  });

  it("has each pod download the quantization that it loads, and no other", () => {
    const objects = of("helm/examples/spot-and-fixed.yaml");
    const outputs = (kind: string, name: string) =>
      podOf(named(objects, kind, name)).initContainers.flatMap(({ args }: { args: string[] }) =>
        args.filter((arg) => arg.startsWith("--out=")),
      );

    const base = ["--out=/model/llama-3.1-8b-instruct-q8_0.gguf"];
    expect(outputs("StatefulSet", "my-run-updater")).toEqual(base);
    expect(outputs("Deployment", "my-run-worker-fixed")).toEqual(base);
    expect(outputs("Deployment", "my-run-worker-spot")).toEqual([
      "--out=/model/llama-3.1-8b-instruct-q4_k_m.gguf",
    ]);
  });

  it("has Prometheus's operator read them where it is there, and else says nothing of it", () => {
    const kinds = (apis: string[]) => of(DEMO, { apis }).map(({ kind }) => kind);

    expect(kinds(["monitoring.coreos.com/v1"])).toContain("PodMonitor");
    expect(kinds([])).not.toContain("PodMonitor");
  });

  it("gives Prometheus's operator the alerts for its own run, where it is there and they are wanted", () => {
    const rules = (more: object) => of(DEMO, more).filter(({ kind }) => kind === "PrometheusRule");
    const labelled = rules({ set: ["monitoring.labels.release=prometheus"] });

    expect(labelled).toHaveLength(1);
    expect(labelled[0].metadata.labels).toMatchObject({ release: "prometheus" });
    const written = parse(readFileSync("helm/alerts/rules.yaml", "utf8"));
    const text = JSON.stringify(labelled[0].spec);
    expect(text).not.toContain(".+");
    const ofAnyRun = text.replaceAll(JSON.stringify('="my-run"').slice(1, -1), '=~\\".+\\"');
    expect(JSON.parse(ofAnyRun)).toEqual(written);
    expect(rules({ apis: [] })).toEqual([]);
    expect(rules({ set: ["monitoring.alerts=false"] })).toEqual([]);
  });

  it("gives Grafana's sidecar the boards where they are wanted, byte for byte", () => {
    const boards = (more: object) =>
      of(DEMO, more).filter(({ metadata }) => metadata.labels?.grafana_dashboard === "1");

    expect(boards({})).toEqual([]);
    const maps = boards({ set: ["monitoring.boards=true"] });
    expect(maps.map(({ kind }) => kind)).toEqual(Array(3).fill("ConfigMap"));
    expect(Object.assign({}, ...maps.map(({ data }) => data))).toEqual(
      Object.fromEntries(
        ["run", "fleet", "ledger"].map((name) => [
          `rollout-fleet-${name}.json`,
          readFileSync(`helm/boards/${name}.json`, "utf8"),
        ]),
      ),
    );
  });

  it("sends workers of different cards to their own nodes, with the image that has CUDA", () => {
    const objects = of(join(EXAMPLES, "spot-and-fixed.yaml"));

    const spot = podOf(named(objects, "Deployment", "my-run-worker-spot"));
    expect(spot.nodeSelector).toEqual({ "nvidia.com/gpu.product": "NVIDIA-L4" });
    expect(spot.tolerations.map(({ key }: Manifest) => key)).toContain("cloud.google.com/gke-spot");
    expect(spot.containers[0].image).toBe("registry.example.com/rollout-fleet:0.1.0-cuda");
    const coordinator = podOf(named(objects, "StatefulSet", "my-run-coordinator"));
    expect(coordinator.containers[0].image).toBe("registry.example.com/rollout-fleet:0.1.0");
  });

  it("protects three nats-servers, and no single pod, from being evicted together", () => {
    const budgets = (values: string) =>
      of(values)
        .filter(({ kind }) => kind === "PodDisruptionBudget")
        .map(({ metadata, spec }) => [metadata.name, spec.maxUnavailable]);

    expect(budgets(join(EXAMPLES, "spot-and-fixed.yaml"))).toContainEqual(["my-run-nats", 1]);
    expect(budgets(DEMO)).toEqual([["my-run-worker-cpu", "25%"]]);
  });

  it("goes, as `helm test`, over the links that a worker has, with a worker's rights", () => {
    const objects = of(join(EXAMPLES, "mtls.yaml"));

    const [worker, test] = [
      podOf(objects.find(({ kind }) => kind === "Deployment") ?? {}),
      podOf(named(objects, "Pod", "my-run-test")),
    ];
    const links = /^--(join|token-file|ca|certificate|key|nats)=/;
    const linksOf = (args: string[]) => args.filter((arg) => links.test(arg));
    expect(linksOf(test.containers[0].args)).toEqual(linksOf(worker.containers[0].args));
    expect(test.containers[0].args[0]).toBe("probe");
  });

  it("opens both endpoints to others with TLS only", () => {
    const mtls = of(join(EXAMPLES, "mtls.yaml"));

    expect(named(mtls, "Service", "my-run-coordinator-external").spec.type).toBe("LoadBalancer");
    expect(named(mtls, "Service", "my-run-nats-external").spec.ports[0].port).toBe(4222);
    const { dnsNames, ipAddresses } = named(mtls, "Certificate", "my-run-server").spec;
    expect(dnsNames).toEqual(expect.arrayContaining(["my-run-coordinator", "nats.runs.example.com"]));
    expect(ipAddresses).toEqual(["127.0.0.1"]);
    const { args } = podOf(named(mtls, "StatefulSet", "my-run-coordinator")).containers[0];
    expect(args).toContain("--advertise-nats=tls://nats.runs.example.com:4222");
    expect(args).toContain("--nats=tls://my-run-nats:4222");
    const refused = refusal(helm ?? "", DEMO, { set: ["expose.enabled=true"] });
    expect(refused).toContain("expose.enabled needs tls.enabled");
  });
});
