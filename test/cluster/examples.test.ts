import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { findHelm, render } from "../support/helm.ts";
import { programAt, run } from "./support/commands.ts";
import { openNamespace } from "./support/release.ts";

const cluster = inject("cluster");
const EXAMPLES = "helm/examples";
const APIS = ["cert-manager.io/v1", "keda.sh/v1alpha1", "monitoring.coreos.com/v1"];

describe.skipIf(cluster === null)("the API server, asked without doing it,", () => {
  const helm = cluster === null ? null : findHelm();

  it.each(readdirSync(EXAMPLES))("takes every object of %s as it is, and warns of none", async (example) => {
    if (cluster === null || helm === null) throw new Error("there is a cluster, and no helm");
    await using namespace = await openNamespace(cluster, `dry-${example.replace(".yaml", "")}`);
    const served = (await namespace.kubectl("api-versions")).trim().split("\n");
    const objects = render(helm, join(EXAMPLES, example), { apis: APIS }).map((object) => ({
      ...object,
      metadata: { ...object.metadata, namespace: namespace.name },
    }));
    const known = objects.filter(({ apiVersion }) => served.includes(apiVersion));

    const apply = (items: object[], ...args: readonly string[]) =>
      run(programAt("kubectl"), ["--namespace", namespace.name, "apply", "-o", "name", ...args, "-f", "-"], {
        environment: { KUBECONFIG: cluster.kubeconfig },
        input: JSON.stringify({ apiVersion: "v1", kind: "List", items }),
      });
    await apply(known.filter(({ kind }) => kind === "ServiceAccount")); // A pod is not taken without its own.
    const taken = await apply(known, "--dry-run=server", "--warnings-as-errors", "--validate=strict");

    expect(taken.trim().split("\n")).toHaveLength(known.length);
    const unknown = objects.filter((object) => !known.includes(object));
    expect(unknown.every(({ apiVersion }) => APIS.includes(apiVersion))).toBe(true);
  });
});
