import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { findHelm, hasPods, lint, podOf, render } from "../support/helm.ts";

const EXAMPLES = "helm/examples";
const APIS = ["cert-manager.io/v1", "keda.sh/v1alpha1", "monitoring.coreos.com/v1"];

const helm = findHelm();

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

      expect(policies.find(({ metadata }) => metadata.name === "my-run-default").spec).toMatchObject({
        podSelector: { matchLabels: { "app.kubernetes.io/instance": "my-run" } },
        policyTypes: ["Ingress", "Egress"],
      });
      expect(new Set(names).size).toBe(names.length);
    });
  });
});
