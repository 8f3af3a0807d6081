import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { findHelm, type Manifest, named, podOf, render } from "../support/helm.ts";

const BUILTIN = "helm/examples/spot-and-fixed.yaml";
const KEDA = "helm/examples/keda.yaml";
const APIS = ["keda.sh/v1alpha1", "monitoring.coreos.com/v1"];
const NAME = "my-run-autoscaler";

const helm = findHelm();

describe.skipIf(helm === null)("the chart's autoscaler", () => {
  const of = (values: string, set: readonly string[] = []) => render(helm ?? "", values, { apis: APIS, set });
  const containerOf = (objects: readonly Manifest[]) =>
    podOf(named(objects, "Deployment", NAME)).containers[0];

  it("may do what it must, to its own release's pools", () => {
    const rules = (values: string) => named(of(values), "Role", NAME).rules;

    expect(rules(BUILTIN)).toEqual([
      {
        apiGroups: ["apps"],
        resources: ["deployments/scale"],
        resourceNames: ["my-run-worker-spot"],
        verbs: ["get", "patch"],
      },
      { apiGroups: [""], resources: ["pods"], verbs: ["list", "watch", "patch"] },
      {
        apiGroups: ["coordination.k8s.io"],
        resources: ["leases"],
        resourceNames: [NAME],
        verbs: ["get", "update"],
      },
    ]);
    expect(rules(KEDA)[0].verbs).toEqual(["get"]);
    expect(containerOf(of(BUILTIN)).args).not.toContain("--deletion-costs-only");
    expect(containerOf(of(KEDA)).args).toContain("--deletion-costs-only");
  });

  it("has a Lease that Helm made and takes away, and that says nothing of who holds it", () => {
    expect(named(of(BUILTIN), "Lease", NAME)).not.toHaveProperty("spec");
  });

  it("is asked whether it lives, and read by Prometheus, as the roles are", () => {
    const objects = of(BUILTIN);

    const { args, ports, livenessProbe } = containerOf(objects);
    expect(args).toContain("--metrics=0.0.0.0:9464");
    expect(ports).toEqual([{ name: "metrics", containerPort: 9464 }]);
    expect(livenessProbe.httpGet).toEqual({ path: "/livez", port: "metrics" });
    expect(named(objects, "NetworkPolicy", NAME).spec.ingress).toEqual(
      named(objects, "NetworkPolicy", "my-run-updater").spec.ingress,
    );
  });

  it("is started again where there are other pools, and for nothing else of them", () => {
    const checksum = (...set: readonly string[]) =>
      named(of(BUILTIN, set), "Deployment", NAME).spec.template.metadata.annotations["checksum/pools"];

    const before = checksum();
    expect(checksum("workers[1].scaling.max=4")).toBe(before);
    expect(checksum("workers[1].name=other")).not.toBe(before);
  });

  it("leaves the size to KEDA, which asks the coordinator with a certificate that the installation made", () => {
    const objects = of(KEDA);

    const { spec } = named(objects, "ScaledObject", "my-run-worker-cpu");
    expect(spec).toMatchObject({
      scaleTargetRef: { name: "my-run-worker-cpu" },
      minReplicaCount: 0,
      maxReplicaCount: 16,
    });
    expect(spec.triggers[0].metadata).toEqual({ scalerAddress: "my-run-coordinator.runs:7002", pool: "cpu" });
    const { data } = named(objects, "Secret", "my-run-scaler");
    const pem = (key: string) => Buffer.from(data[key], "base64");
    const authority = new X509Certificate(pem("ca.crt"));
    for (const key of ["tls.crt", "client.crt"]) {
      expect(new X509Certificate(pem(key)).verify(authority.publicKey)).toBe(true);
    }
    expect(new X509Certificate(pem("tls.crt")).checkHost("my-run-coordinator.runs")).toBeDefined();
  });
});
