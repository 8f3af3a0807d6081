import { describe, expect, it } from "vitest";
import { findHelm, type Manifest, named, podOf, refusal, render } from "../support/helm.ts";

const HUB = "helm/examples/mtls.yaml";
const SECOND = "helm/examples/second-cluster.yaml";
const APIS = ["cert-manager.io/v1", "monitoring.coreos.com/v1"];
/** The model's files, downloaded by whoever loads them. */
const DOWNLOADED = [
  "model.source=url",
  ...["q8", "q4"].flatMap((name, index) => [
    `model.files[${index}].name=${name}.gguf`,
    `model.files[${index}].url=https://models.example.com/${name}.gguf`,
    `model.files[${index}].sha256=${"abcdef01".repeat(8)}`,
  ]),
];
/** A second cluster's workers that dial the run's own nats-server. */
const DIRECT = ["nats.enabled=false", "nats.url=tls://nats.example.com:4222", "join.nats=,join.run="];

const helm = findHelm();

describe.skipIf(helm === null)("a release that joins a run of another cluster", () => {
  const of = (values: string, set: readonly string[] = [], release = "my-run-workers") =>
    render(helm ?? "", values, { release, set, apis: APIS });
  const hub = (set: readonly string[] = []) => of(HUB, set, "my-run");

  it("is workers, and a nats-server that keeps nothing", () => {
    const objects = of(SECOND);

    const made = objects.filter(({ kind }) => ["StatefulSet", "Deployment", "Secret"].includes(kind));
    expect(made.map(({ kind, metadata }) => `${kind}/${metadata.name}`).sort()).toEqual([
      "Deployment/my-run-workers-worker-second",
      "StatefulSet/my-run-workers-nats",
    ]);
    expect(objects.map(({ kind }) => kind)).not.toContain("PrometheusRule");
    const { spec } = named(objects, "StatefulSet", "my-run-workers-nats");
    expect(spec).not.toHaveProperty("volumeClaimTemplates");
    expect(named(objects, "ConfigMap", "my-run-workers-nats").data["nats.conf"]).not.toContain("jetstream");
  });

  it("has workers that dial the coordinator there, and nats-server here", () => {
    const objects = of(SECOND);

    const { args } = podOf(named(objects, "Deployment", "my-run-workers-worker-second")).containers[0];
    expect(args).toEqual(
      expect.arrayContaining([
        "--join=coordinator.runs.example.com:7000",
        "--nats=tls://my-run-workers-nats:4222",
        "--nats-domain=my-run",
      ]),
    );
    const test = podOf(named(objects, "Pod", "my-run-workers-test")).containers[0].args;
    expect(test).toEqual(expect.arrayContaining(args.filter((arg: string) => /^--(join|nats)/.test(arg))));
  });

  it("takes no more of the run's secrets than the token and the workers' password", () => {
    const objects = of(SECOND);

    const keys = JSON.stringify(objects).matchAll(/"key":"([a-z-]+)"/g);
    expect(new Set([...keys].map(([, key]) => key))).toEqual(new Set(["token", "worker-password"]));
    const [nats] = podOf(named(objects, "StatefulSet", "my-run-workers-nats")).containers;
    expect(nats.env).toContainEqual({
      name: "HUB",
      value: '["nats-leaf://leaf:$(WORKER_SECRET)@nats.runs.example.com:7422"]',
    });
  });

  it("may reach nothing in the other cluster but the two ports", () => {
    const objects = of(SECOND);

    const leaving = (name: string) =>
      named(objects, "NetworkPolicy", `my-run-workers-${name}`)
        .spec.egress.filter(({ to }: Manifest) => to === undefined)
        .flatMap(({ ports }: Manifest) => ports.map(({ port }: Manifest) => port));
    expect(leaving("nats")).toEqual([7422]);
    expect(leaving("worker")).toEqual([7000]);
    expect(leaving("test")).toEqual([7000]);
    const names = objects.filter(({ kind }) => kind === "NetworkPolicy").map(({ metadata }) => metadata.name);
    expect(names).not.toContain("my-run-workers-coordinator");
  });

  it("does without a leaf where its workers reach the run's own nats-server", () => {
    const objects = of(SECOND, DIRECT);

    const { args } = podOf(named(objects, "Deployment", "my-run-workers-worker-second")).containers[0];
    expect(args).toContain("--nats=tls://nats.example.com:4222");
    expect(args.join()).not.toContain("--nats-domain");
    expect(objects.map(({ kind }) => kind)).not.toContain("StatefulSet");
  });

  it("has workers that download the model, all of its files where nothing says which one they load", () => {
    const outputs = (...set: readonly string[]) =>
      podOf(
        named(of(SECOND, [...DOWNLOADED, ...set]), "Deployment", "my-run-workers-worker-second"),
      ).initContainers.map(({ args }: Manifest) => args.at(-1));

    expect(outputs()).toEqual(["--out=/model/q8.gguf", "--out=/model/q4.gguf"]);
    const other = ["workers[1].name=other", "workers[1].gguf=/model/q8.gguf"];
    expect(outputs("workers[0].gguf=/model/q4.gguf", ...other)).toEqual(["--out=/model/q4.gguf"]);
  });

  it("is let in by a run that takes leafs, on a port of its own", () => {
    const objects = hub();

    const [, leafs] = named(objects, "Service", "my-run-nats-external").spec.ports;
    expect(leafs).toEqual({ name: "leafs", port: 7422, targetPort: "leafs" });
    const config = named(objects, "ConfigMap", "my-run-nats").data["nats.conf"];
    expect(config).toContain('domain: "my-run"');
    expect(config).toMatch(/leafnodes \{[^}]*tls \{[^}]*verify: true/);
    const { ingress } = named(objects, "NetworkPolicy", "my-run-nats").spec;
    expect(ingress).toContainEqual({ ports: [{ port: 7422, protocol: "TCP" }] });
  });

  it("needs no port for clients to be open", () => {
    const objects = hub(["expose.natsUrl="]);

    const { ports } = named(objects, "Service", "my-run-nats-external").spec;
    expect(ports.map(({ port }: Manifest) => port)).toEqual([7422]);
    const { ingress } = named(objects, "NetworkPolicy", "my-run-nats").spec;
    const clients = ingress.find(({ ports: [first] }: Manifest) => first.port === 4222);
    expect(clients.from).toHaveLength(3);
    const { args } = podOf(named(objects, "StatefulSet", "my-run-coordinator")).containers[0];
    expect(args.join()).not.toContain("--advertise-nats");
  });

  it("finds no port for leafs at a run that takes none", () => {
    const objects = hub(["expose.leafNodes=false"]);

    expect(JSON.stringify(objects)).not.toContain("7422");
    expect(named(objects, "ConfigMap", "my-run-nats").data["nats.conf"]).not.toMatch(/leaf|domain/);
  });

  it.each([
    ["join.coordinator=", "missing properties 'model', 'dataset'"],
    ["tls.enabled=false,tls.mutual=false", "join.coordinator needs tls.enabled"],
    ["secrets.existingSecret=", "needs secrets.existingSecret"],
    ["join.run=", "needs join.nats and join.run"],
    ["join.nats=nats.example.com", "/join/nats"],
    ["nats.replicas=3", "needs nats.replicas 1"],
    ["nats.enabled=false,nats.url=tls://nats.example.com:4222", "put the address into nats.url"],
    ["expose.enabled=true,expose.leafNodes=true", "nothing to expose"],
    ["expose.leafNodes=true", "expose.leafNodes needs expose.enabled"],
    ["autoscaler.kind=builtin,workers[0].name=a,workers[0].scaling.max=2", "have a fixed size"],
  ])("is refused with %s: %s", (pair, said) => {
    expect(refusal(helm ?? "", SECOND, { set: [pair] })).toContain(said);
  });

  it("is told from a run by the address of the coordinator", () => {
    const said = refusal(helm ?? "", "helm/examples/demo.yaml", { set: ["join.run=my-run"] });

    expect(said).toContain("join.coordinator is empty");
  });
});
