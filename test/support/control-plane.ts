import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { existsSync, openSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { cacheFolder, pause, withDeadline } from "../../core/index.ts";
import { makeCertificates } from "../../transport/index.ts";
import { freePort } from "./bare-server.ts";
import { endProcess } from "./end-process.ts";

/** A real Kubernetes without a node: its API, its storage, and the controllers of Deployments. */
export interface ControlPlane extends AsyncDisposable {
  /** Of somebody who may do everything. */
  readonly admin: KubeConfig;
  /** A kubeconfig's file, of somebody who may do what a test grants to user "autoscaler". */
  readonly autoscaler: string;
}

const HOST = "127.0.0.1";
const START_DEADLINE_MS = 90_000;
const BIN = process.env["KUBE_BIN"] ?? cacheFolder("cluster/bin");
const PROGRAMS = ["etcd", "kube-apiserver", "kube-controller-manager"];

/** Whether this machine has the programs. Says so in a printed line when not; fails where they are required. */
export function hasControlPlane(): boolean {
  const missing = PROGRAMS.filter((name) => !existsSync(join(BIN, name)));
  if (missing.length === 0) return true;
  if (process.env["FLEET_REQUIRE"]?.split(",").includes("kubernetes")) {
    throw new Error(`kubernetes is required by FLEET_REQUIRE, and ${BIN} has no ${missing.join(", ")}`);
  }
  process.stderr.write(`no ${missing.join(", ")} in ${BIN}: what needs a Kubernetes API is skipped\n`);
  return false;
}

/** Starts one; resolves once it answers and its controllers work. */
export async function openControlPlane(): Promise<ControlPlane> {
  const folder = await mkdtemp(join(tmpdir(), "fleet-kubernetes-"));
  const path = (name: string) => join(folder, name);
  const children: ChildProcess[] = [];
  const start = (name: string, ...args: string[]) => {
    const log = openSync(path(`${name}.log`), "a");
    children.push(spawn(join(BIN, name), args, { stdio: ["ignore", log, log] }));
  };
  const [client, peer, secure] = await Promise.all([freePort(), freePort(), freePort()]);
  await writeKeys(path);
  const kubeconfig = async (user: string) => {
    await writeFile(path(`${user}.yaml`), configOf(path("ca.pem"), secure, user), { mode: 0o600 });
    return path(`${user}.yaml`);
  };
  const [etcd, peers] = [`http://${HOST}:${client}`, `http://${HOST}:${peer}`];
  start(
    "etcd",
    ...["--data-dir", path("etcd"), "--listen-client-urls", etcd, "--advertise-client-urls", etcd],
    ...[
      "--listen-peer-urls",
      peers,
      "--initial-advertise-peer-urls",
      peers,
      "--initial-cluster",
      `default=${peers}`,
    ],
    "--unsafe-no-fsync",
  );
  start(
    "kube-apiserver",
    ...["--etcd-servers", etcd, "--bind-address", HOST, "--secure-port", String(secure)],
    ...["--tls-cert-file", path("server.pem"), "--tls-private-key-file", path("server-key.pem")],
    ...["--token-auth-file", path("tokens.csv"), "--authorization-mode", "RBAC"],
    ...[
      "--service-account-issuer",
      "https://kubernetes.default.svc",
      "--service-cluster-ip-range",
      "10.0.0.0/24",
    ],
    ...["--service-account-key-file", path("sa.pub"), "--service-account-signing-key-file", path("sa.key")],
    ...["--disable-admission-plugins", "ServiceAccount", "--endpoint-reconciler-type", "none"],
  );
  const admin = new KubeConfig();
  admin.loadFromFile(await kubeconfig("admin"));
  start(
    "kube-controller-manager",
    ...["--kubeconfig", path("admin.yaml"), "--leader-elect=false", "--secure-port", "0"],
    ...["--controllers", "deployment-controller,replicaset-controller,garbage-collector-controller"],
  );
  const dispose = async () => {
    await Promise.all(children.map((child) => endProcess(child, "SIGKILL", "a part of the control plane")));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await withDeadline("Kubernetes to answer", START_DEADLINE_MS, untilReady(admin));
  } catch (cause) {
    const said = await readFile(path("kube-apiserver.log"), "utf8");
    await dispose();
    throw new Error(`no Kubernetes: ${said.slice(-2_000)}`, { cause });
  }
  return { admin, autoscaler: await kubeconfig("autoscaler"), [Symbol.asyncDispose]: dispose };
}

async function writeKeys(path: (name: string) => string): Promise<void> {
  const { ca, server } = makeCertificates([HOST]);
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const tokens = ['admin,admin,admin,"system:masters"', "autoscaler,autoscaler,autoscaler"];
  await Promise.all([
    writeFile(path("ca.pem"), ca),
    writeFile(path("server.pem"), server.certificate),
    writeFile(path("server-key.pem"), server.key, { mode: 0o600 }),
    writeFile(path("sa.key"), privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 }),
    writeFile(path("sa.pub"), publicKey.export({ type: "spki", format: "pem" })),
    writeFile(path("tokens.csv"), `${tokens.join("\n")}\n`, { mode: 0o600 }),
  ]);
}

function configOf(ca: string, port: number, user: string): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster: { server: `https://${HOST}:${port}`, "certificate-authority": ca } }],
    users: [{ name: user, user: { token: user } }],
    contexts: [{ name: "test", context: { cluster: "test", user } }],
    "current-context": "test",
  });
}

async function untilReady(admin: KubeConfig): Promise<void> {
  const core = admin.makeApiClient(CoreV1Api);
  for (;;) {
    const found = await core.readNamespace({ name: "default" }).catch(() => null);
    if (found !== null) return;
    await pause(200);
  }
}
