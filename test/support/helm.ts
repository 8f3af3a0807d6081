import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { parseAllDocuments } from "yaml";
import { cacheFolder } from "../../core/index.ts";

/** A Kubernetes object as a template makes it. */
// biome-ignore lint/suspicious/noExplicitAny: manifests are read as a person reads them, by path; a wrong path fails the test.
export type Manifest = any;

/** What a rendering may choose. */
export interface Rendering {
  readonly release?: string;
  /** Further values, as `--set` takes them. */
  readonly set?: readonly string[];
  /** APIs that the cluster has. */
  readonly apis?: readonly string[];
}

const CHART = "helm";
const KUBERNETES = "1.34.0";

/**
 * Helm: at HELM_BIN, where a cluster's own binaries are kept, or on the PATH. Null where there is none, said in a printed line;
 * FLEET_REQUIRE=helm makes that a failure.
 */
export function findHelm(): string | null {
  const places = [process.env["HELM_BIN"], join(cacheFolder("cluster/bin"), "helm"), ...onPath("helm")];
  const found = places.find((place) => place !== undefined && existsSync(place));
  if (found !== undefined) return found;
  if (process.env["FLEET_REQUIRE"]?.split(",").includes("helm")) {
    throw new Error("helm is required by FLEET_REQUIRE, and neither on the PATH nor named by HELM_BIN");
  }
  process.stderr.write("no helm on the PATH or at HELM_BIN: what renders the chart is skipped\n");
  return null;
}

/** kubeconform on the PATH. Null where it is not, said in a printed line; FLEET_REQUIRE=kubeconform makes that a failure. */
export function findKubeconform(): string | null {
  const found = onPath("kubeconform").find((place) => existsSync(place));
  if (found !== undefined) return found;
  if (process.env["FLEET_REQUIRE"]?.split(",").includes("kubeconform")) {
    throw new Error("kubeconform is required by FLEET_REQUIRE, and not on the PATH");
  }
  process.stderr.write("no kubeconform on the PATH: manifests are not held against Kubernetes's schemas\n");
  return null;
}

/** What kubeconform says against objects, of which custom ones are left out; its status is 0 when it has nothing to say. */
export function conform(
  kubeconform: string,
  objects: readonly Manifest[],
): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync(
    kubeconform,
    ["-strict", "-ignore-missing-schemas", "-kubernetes-version", KUBERNETES, "-"],
    { encoding: "utf8", input: objects.map((object) => JSON.stringify(object)).join("\n---\n") },
  );
  return { status, said: stdout + stderr };
}

/** The objects that the chart makes of a file of values. @throws Error with what helm said */
export function render(helm: string, values: string, rendering: Rendering = {}): Manifest[] {
  const text = execFileSync(helm, templateArgs(values, rendering), {
    encoding: "utf8",
    maxBuffer: 64 * 2 ** 20,
    stdio: ["ignore", "pipe", "pipe"],
  });
  // As Kubernetes reads them: 0440 is a number of base 8.
  return parseAllDocuments(text, { version: "1.1" })
    .map((document) => document.toJS())
    .filter((object) => object !== null);
}

/** What helm says when it refuses to render. */
export function refusal(helm: string, values: string, rendering: Rendering = {}): string {
  const { status, stderr } = spawnSync(helm, templateArgs(values, rendering), { encoding: "utf8" });
  if (status === 0) throw new Error("helm rendered what it should have refused");
  return stderr;
}

/** What `helm lint --strict` says of the chart with a file of values; its status is 0 when it finds nothing wrong. */
export function lint(
  helm: string,
  values: string,
): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync(helm, ["lint", "--strict", CHART, "-f", values], {
    encoding: "utf8",
  });
  return { status, said: stdout + stderr };
}

function onPath(program: string): string[] {
  return (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, program));
}

function templateArgs(values: string, { release = "my-run", set = [], apis = [] }: Rendering): string[] {
  return [
    ...["template", release, CHART, "-f", values, "--namespace", "runs", "--kube-version", KUBERNETES],
    ...set.flatMap((pair) => ["--set", pair]),
    ...apis.flatMap((api) => ["--api-versions", api]),
  ];
}

/** Whether an object makes pods. */
export function hasPods({ kind }: Manifest): boolean {
  return ["StatefulSet", "Deployment", "Pod"].includes(kind);
}

/** The pod that an object makes. */
export function podOf({ kind, spec }: Manifest): Manifest {
  return kind === "Pod" ? spec : spec.template.spec;
}

/** The object of that kind and name. @throws Error when the chart makes none */
export function named(objects: readonly Manifest[], kind: string, name: string): Manifest {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`the chart makes no ${kind} ${name}`);
  return found;
}
