/**
 * Opens the cluster that the suites use, once: the one that FLEET_KUBECONFIG names, else a node of our own. Where neither can be
 * had, it says so in a printed line and the suites are skipped; FLEET_REQUIRE=cluster makes that a failure.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rename, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { TestProject } from "vitest/node";
import { findNatsServer } from "../../../transport/index.ts";
import { BINARIES, programAt, run, runAloud } from "./commands.ts";
import { makeVolumes } from "./volumes.ts";

declare module "vitest" {
  export interface ProvidedContext {
    cluster: ClusterContext | null;
  }
}

/** What the suites are told of the cluster. */
export interface ClusterContext {
  readonly kubeconfig: string;
  readonly images: { readonly fleet: string; readonly nats: string };
  /** Of the volumes; null: the cluster's default. */
  readonly storageClass: string | null;
  /** Whether it is a node that the tests started, whose volumes are folders of this machine. */
  readonly isOurs: boolean;
  /** Whether KEDA is there. */
  readonly hasKeda: boolean;
}

const NODE = resolve("test/cluster/node");
/** The node's volumes lie under this name in its folder. */
const STORAGE_CLASS = "fleet-test";
/** What a node of our own needs of Debian's packages. */
const PROGRAMS = ["containerd", "runc", "iptables", "conntrack", "ip", "buildah", "debootstrap", "busybox"];
const PACKAGES =
  "containerd runc iptables conntrack iproute2 busybox-static containernetworking-plugins buildah debootstrap";

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const named = process.env["FLEET_KUBECONFIG"];
  if (named !== undefined) {
    const fleet = process.env["FLEET_IMAGE"];
    if (fleet === undefined) {
      throw new Error("FLEET_KUBECONFIG names a cluster, so FLEET_IMAGE must name an image that it can pull");
    }
    const nats = process.env["FLEET_NATS_IMAGE"] ?? "docker.io/library/nats:2.15.2-alpine";
    const storageClass = process.env["FLEET_STORAGE_CLASS"] ?? null;
    const hasKeda = await servesKeda(named);
    if (!hasKeda) process.stderr.write("the cluster has no KEDA: what needs it is skipped\n");
    process.stderr.write("the cluster is not the tests' own: what drains or changes its nodes is skipped\n");
    project.provide("cluster", {
      kubeconfig: named,
      images: { fleet, nats },
      storageClass,
      isOurs: false,
      hasKeda,
    });
    return undefined;
  }

  const missing = await whatIsMissing();
  if (missing !== null) {
    if (process.env["FLEET_REQUIRE"]?.split(",").includes("cluster")) throw new Error(missing);
    process.stderr.write(`${missing}: what needs a cluster is skipped\n`);
    project.provide("cluster", null);
    return undefined;
  }
  const folder = join(await mkdtemp(join(tmpdir(), "fleet-cluster-")), "node");
  const interrupted = () => void spawnSync(join(NODE, "down.sh"), [folder], { stdio: "ignore" });
  process.once("exit", interrupted); // As Ctrl-C ends it, which waits for nobody.
  const down = async () => {
    process.removeListener("exit", interrupted);
    await run(join(NODE, "down.sh"), [folder]);
    await rmdir(dirname(folder));
  };
  try {
    await runAloud(join(NODE, "up.sh"), [folder]);
    const images = await importImages(folder);
    const kubeconfig = join(folder, "kubeconfig");
    await makeVolumes(kubeconfig, join(folder, "volumes"), STORAGE_CLASS);
    const hasKeda = await startKeda(folder);
    project.provide("cluster", { kubeconfig, images, storageClass: STORAGE_CLASS, isOurs: true, hasKeda });
  } catch (error) {
    await down();
    throw error;
  }
  return down;
}

async function whatIsMissing(): Promise<string | null> {
  if (process.getuid?.() !== 0) return "a node of our own needs root, and FLEET_KUBECONFIG names no cluster";
  if (!existsSync(join(BINARIES, "kubelet")) || !existsSync(join(BINARIES, "coredns"))) {
    return `no Kubernetes binaries in ${BINARIES} ("make cluster-binaries" builds them), and FLEET_KUBECONFIG names no cluster`;
  }
  for (const program of PROGRAMS) {
    const found = await run("sh", ["-c", `command -v ${program}`]).catch(() => null);
    if (found === null) return `no ${program} for a node of our own (apt-get install ${PACKAGES})`;
  }
  return null;
}

async function servesKeda(kubeconfig: string): Promise<boolean> {
  const served = await run(programAt("kubectl"), ["api-versions"], {
    environment: { KUBECONFIG: kubeconfig },
  });
  return served.split("\n").some((version) => version.startsWith("keda.sh/"));
}

/** Starts KEDA beside the node, where it was built. */
async function startKeda(folder: string): Promise<boolean> {
  if (!existsSync(join(BINARIES, "keda-adapter"))) {
    process.stderr.write('no KEDA ("make cluster-binaries ONLY=keda" builds it): what needs it is skipped\n');
    return false;
  }
  await runAloud(join(NODE, "keda.sh"), [folder]);
  return true;
}

/** Builds both images, and hands them to the node's containerd. */
async function importImages(folder: string): Promise<ClusterContext["images"]> {
  const script = join(NODE, "images.sh");
  const importFrom = (archive: string) =>
    run("ctr", ["-a", join(folder, "c.sock"), "-n", "k8s.io", "images", "import", archive]);
  const nats = join(folder, "nats.tar");
  const { path } = await findNatsServer();
  await runAloud(script, ["nats", nats, path]);
  await importFrom(nats);
  const fleet = join(folder, "fleet.tar");
  await runAloud(script, ["fleet", `${fleet}.part`]);
  await rename(`${fleet}.part`, fleet);
  await importFrom(fleet);
  return { fleet: "localhost/rollout-fleet:test", nats: "localhost/nats-server:test" };
}
