import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import {
  conform,
  findHelm,
  findKubeconform,
  hasPods,
  lint,
  type Manifest,
  named,
  podOf,
  render,
} from "../support/helm.ts";

const EXAMPLES = "helm/examples";
const APIS = ["cert-manager.io/v1", "keda.sh/v1alpha1", "monitoring.coreos.com/v1"];
const COMPONENT = "app.kubernetes.io/component";
const DNS = { ports: ["UDP", "TCP"].map((protocol) => ({ port: 53, protocol })) };
/** The links of a run's own components, as docs/kubernetes.md lists them. */
const LINKS = [
  { from: "coordinator", to: "nats", port: 4222 },
  { from: "worker", to: "nats", port: 4222 },
  { from: "nats", to: "nats", port: 6222 },
  { from: "worker", to: "coordinator", port: 7000 },
  { from: "updater", to: "coordinator", port: 7000 },
  { from: "autoscaler", to: "coordinator", port: 7000 },
  { from: "autoscaler", to: "the API server", port: 443 },
  { from: "autoscaler", to: "the API server", port: 6443 },
];

const helm = findHelm();
const kubeconform = findKubeconform();

describe.skipIf(helm === null)("the chart's manifests", () => {
  const of = (values: string) => render(helm ?? "", values, { apis: APIS });
  const examples = readdirSync(EXAMPLES).map((name) => join(EXAMPLES, name));

  it("has examples", () => {
    expect(examples.length).toBeGreaterThanOrEqual(7);
  });

  describe.each(examples)("with %s", (values) => {
    const objects = helm === null ? [] : of(values);
    const pods = objects
      .filter(hasPods)
      .map((object) => ({ name: object.metadata.name, spec: podOf(object) }));
    const containers = pods.flatMap(({ name, spec }) =>
      [...(spec.initContainers ?? []), ...spec.containers].map((container) => ({ name, ...container })),
    );

    it("has nothing that helm lint finds fault with", () => {
      const { status, said } = lint(helm ?? "", values);

      expect(said).not.toContain("[ERROR]");
      expect(said).not.toContain("[WARNING]");
      expect(status).toBe(0);
    });

    it.skipIf(kubeconform === null)(
      "makes objects that Kubernetes's own schemas know, key by key",
      { timeout: 120_000 },
      () => {
        expect(conform(kubeconform ?? "", objects)).toEqual({ status: 0, said: "" });
      },
    );

    it("makes pods that a namespace which enforces the restricted standard admits", () => {
      for (const { name, spec } of pods) {
        expect(spec.securityContext, name).toMatchObject({
          runAsNonRoot: true,
          runAsUser: 1000,
          seccompProfile: { type: "RuntimeDefault" },
        });
        expect(spec.hostNetwork ?? spec.hostPID ?? spec.hostIPC, name).toBeUndefined();
        const kinds = (spec.volumes ?? []).flatMap((volume: object) => Object.keys(volume));
        expect(kinds, name).not.toContain("hostPath");
      }
      for (const { name, securityContext } of containers) {
        expect(securityContext, name).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
      }
    });

    it("gives pods no token for Kubernetes but the autoscaler's", () => {
      const withToken = pods.filter(({ spec }) => spec.automountServiceAccountToken !== false);

      expect(withToken.map(({ name }) => name).filter((name) => !name.endsWith("-autoscaler"))).toEqual([]);
    });

    it("says of each container what it needs and what it may have", () => {
      for (const { name, resources } of containers) {
        expect(Object.keys(resources.requests), name).toEqual(expect.arrayContaining(["cpu", "memory"]));
        expect(Object.keys(resources.limits), name).toEqual(expect.arrayContaining(["cpu", "memory"]));
      }
    });

    it("names each image by a version or digest", () => {
      for (const { image } of containers) expect(image).toMatch(/(:(?!latest$)[^:/]+|@sha256:[0-9a-f]{64})$/);
    });

    it("kills no pod before its time to hand over is up", () => {
      const { drainSeconds = 60 } = parse(readFileSync(values, "utf8"));

      const lasting = pods.filter(({ spec }) => spec.restartPolicy !== "Never");
      for (const { spec } of lasting) expect(spec.terminationGracePeriodSeconds).toBe(drainSeconds + 15);
    });

    it("lets no secret into a ConfigMap, an argument or an environment variable's value", () => {
      const secrets = objects.filter(({ kind }) => kind === "Secret");
      const texts = secrets.flatMap(({ data }) =>
        Object.values<string>(data).map((text) => Buffer.from(text, "base64").toString()),
      );
      const others = JSON.stringify(objects.filter(({ kind }) => kind !== "Secret"));

      for (const text of texts) expect(others).not.toContain(text);
    });

    it("selects every pod by a policy that denies, and no two objects are of one kind and name", () => {
      const policies = objects.filter(({ kind }) => kind === "NetworkPolicy");
      const names = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);

      expect(policies.find(({ metadata }) => metadata.name === "my-run-default").spec).toEqual({
        podSelector: {
          matchLabels: {
            "app.kubernetes.io/name": "rollout-fleet",
            "app.kubernetes.io/instance": "my-run",
          },
        },
        policyTypes: ["Ingress", "Egress"],
        egress: [DNS],
      });
      expect(new Set(names).size).toBe(names.length);
    });

    it("opens each link of the run's own components, at both of its ends that are here", () => {
      const made = objects.filter(({ kind }) => ["StatefulSet", "Deployment"].includes(kind));
      const components = new Set(made.map(({ metadata }) => metadata.labels[COMPONENT]));
      const servers = made.find(({ metadata }) => metadata.name === "my-run-nats")?.spec.replicas ?? 0;

      const links = LINKS.filter(({ from, port }) => components.has(from) && (port !== 6222 || servers > 1));
      const closed = links.filter(({ from, to, port }) => {
        const leaves = opens(policyOf(objects, from).egress, "to", to, port);
        return !(leaves && (!components.has(to) || opens(policyOf(objects, to).ingress, "from", from, port)));
      });

      expect(links.length).toBeGreaterThan(1);
      expect(closed).toEqual([]);
    });

    it("gives each pool its size, but those with scaling, whose size is for who scales them to say", () => {
      const { workers } = parse(readFileSync(values, "utf8"));

      for (const { name, replicas = 1, scaling } of workers) {
        const { spec } = named(objects, "Deployment", `my-run-worker-${name}`);
        expect(spec.replicas, name).toBe(scaling === undefined ? replicas : undefined);
      }
    });
  });
});

/** The policy that selects the pods of a component. */
function policyOf(objects: readonly Manifest[], component: string): Manifest {
  const { spec } = named(objects, "NetworkPolicy", `my-run-${component}`);
  expect(spec.podSelector.matchLabels[COMPONENT]).toBe(component);
  return spec;
}

/** Whether a rule has the port for pods of that component, or for everybody. */
function opens(rules: readonly Manifest[], end: "from" | "to", component: string, port: number): boolean {
  return rules.some(
    (rule) =>
      rule.ports.some((open: Manifest) => open.port === port) &&
      (rule[end] ?? [null]).some(
        (peer: Manifest) => peer === null || peer.podSelector?.matchLabels[COMPONENT] === component,
      ),
  );
}
