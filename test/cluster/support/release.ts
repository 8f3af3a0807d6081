import { resolve } from "node:path";
import type { Summary } from "../../../coordinator/index.ts";
import { pause, withDeadline } from "../../../core/index.ts";
import type { StatusAnswer } from "../../../proto/index.ts";
import { programAt, run } from "./commands.ts";
import type { ClusterContext } from "./open-node.ts";

const CHART = resolve("helm");
const POLL_MS = 1_000;
const FLEET = ["/app/bin/fleet.mjs"];
const REACH = ["--join", "127.0.0.1:7000", "--token-file", "/secrets/token"];

/** A pod, as far as the suites look at it. */
export interface Pod {
  readonly name: string;
  readonly phase: string;
  readonly isReady: boolean;
  readonly restarts: number;
  readonly node: string | null;
  readonly annotations: Readonly<Record<string, string>>;
  /** Why it is not scheduled, in the scheduler's words. */
  readonly unschedulable: string | null;
}

/** A namespace that admits only what runs restricted; gone, with all that is in it, when disposed of. */
export interface Namespace extends AsyncDisposable {
  readonly name: string;
  kubectl(...args: readonly string[]): Promise<string>;
  helm(...args: readonly string[]): Promise<string>;
  /** `helm install`s an example, with values over its own. */
  install(release: string, example: string, values?: object): Promise<Release>;
}

/** A run as `helm install` made it. */
export interface Release {
  readonly name: string;
  pods(component: string): Promise<Pod[]>;
  /** What the coordinator says; null while it does not answer. */
  status(): Promise<StatusAnswer | null>;
  /** `fleet pause`, `fleet unpause`. */
  steer(command: "pause" | "unpause"): Promise<void>;
  /** What the run has written of itself. */
  summary(): Promise<Summary>;
  /** The rows that `fleet query` answers. */
  query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  upgrade(example: string, values: object): Promise<void>;
  uninstall(): Promise<void>;
  /** Waits until the coordinator's status is as asked. */
  until(what: string, isSo: (status: StatusAnswer) => boolean, deadlineMs: number): Promise<StatusAnswer>;
}

/** Makes a namespace of that name. */
export async function openNamespace(cluster: ClusterContext, name: string): Promise<Namespace> {
  const environment = { KUBECONFIG: cluster.kubeconfig };
  const kubectl = (...args: readonly string[]) =>
    run(programAt("kubectl"), ["--namespace", name, ...args], { environment });
  const helm = (...args: readonly string[]) =>
    run(programAt("helm"), ["--namespace", name, ...args], { environment });
  await kubectl("create", "namespace", name);
  const levels = ["enforce", "warn", "audit"].map((mode) => `pod-security.kubernetes.io/${mode}=restricted`);
  await kubectl("label", "namespace", name, ...levels);
  return {
    name,
    kubectl,
    helm,
    install: async (release, example, values = {}) => {
      await apply("install", release, example, values);
      return releaseOf(release);
    },
    [Symbol.asyncDispose]: async () => {
      await kubectl("delete", "namespace", name, "--wait", "--timeout=120s");
      if (cluster.isOurs) await freeVolumes(environment, name);
    },
  };

  async function apply(verb: string, release: string, example: string, values: object): Promise<void> {
    const given = JSON.stringify(mergeSections(valuesOf(cluster), values));
    await run(
      programAt("helm"),
      ["--namespace", name, verb, release, CHART, "-f", `${CHART}/examples/${example}.yaml`, "-f", "-"],
      { environment, input: given },
    );
  }

  function releaseOf(release: string): Release {
    const labels = (component: string) =>
      `app.kubernetes.io/instance=${release},app.kubernetes.io/component=${component}`;
    const inCoordinator = (...command: readonly string[]) =>
      kubectl("exec", `${release}-coordinator-0`, "--", ...command);
    const status = async () => {
      const printed = await inCoordinator(...FLEET, "status", ...REACH, "--json").catch(() => null);
      return printed === null ? null : (JSON.parse(printed) as StatusAnswer);
    };
    const logs = (component: string) =>
      kubectl("logs", "-l", labels(component), "--tail=20", "--prefix").catch(() => "");
    return {
      name: release,
      pods: async (component) =>
        (
          JSON.parse(await kubectl("get", "pods", "-l", labels(component), "-o", "json")).items as object[]
        ).map(podOf),
      status,
      steer: async (command) => void (await inCoordinator(...FLEET, command, ...REACH)),
      summary: async () => JSON.parse(await inCoordinator("cat", `/data/${release}/summary.json`)) as Summary,
      query: async (sql) =>
        JSON.parse(
          await inCoordinator(
            ...FLEET,
            "query",
            "--runs",
            "/data",
            "--run",
            release,
            "--json",
            "--limit",
            "10000",
            sql,
          ),
        ),
      upgrade: (example, values) => apply("upgrade", release, example, values),
      uninstall: async () => void (await helm("uninstall", release, "--wait")),
      until: (what, isSo, deadlineMs) =>
        until(what, status, isSo, deadlineMs).catch(async (error: Error) => {
          const pods = await kubectl("get", "pods", "-o", "wide");
          throw new Error(`${error.message}\n${pods}${await logs("coordinator")}`, { cause: error });
        }),
    };
  }
}

async function until(
  what: string,
  status: () => Promise<StatusAnswer | null>,
  isSo: (status: StatusAnswer) => boolean,
  deadlineMs: number,
): Promise<StatusAnswer> {
  const over = new AbortController();
  const looking = async () => {
    while (!over.signal.aborted) {
      const seen = await status();
      if (seen !== null && isSo(seen)) return seen;
      await pause(POLL_MS, over.signal);
    }
    throw new Error("given up");
  };
  return withDeadline(what, deadlineMs, looking()).finally(() => over.abort());
}

/** Values over others: what both say of a section is joined. */
function mergeSections(under: Readonly<Record<string, object>>, over: object): object {
  const sections = Object.entries(over).map(([name, section]) => {
    const below = under[name];
    return [name, below === undefined ? section : { ...below, ...section }];
  });
  return { ...under, ...Object.fromEntries(sections) };
}

/** What the tests' cluster has: images of its own, and volumes of one class. */
function valuesOf({ images, storageClass }: ClusterContext): Record<string, object> {
  const [repository, tag] = split(images.fleet);
  const storage = storageClass === null ? {} : { storage: { class: storageClass, size: "1Gi" } };
  return {
    image: { repository, tag, pullPolicy: "IfNotPresent" },
    nats: { image: images.nats, ...storage },
    coordinator: { ...storage },
    updater: { ...storage },
  };
}

function split(image: string): [string, string] {
  const at = image.lastIndexOf(":");
  return [image.slice(0, at), image.slice(at + 1)];
}

/** A volume made by hand stays bound to a claim that is gone: it is emptied for the next one. */
async function freeVolumes(environment: NodeJS.ProcessEnv, namespace: string): Promise<void> {
  const listed = JSON.parse(await run(programAt("kubectl"), ["get", "pv", "-o", "json"], { environment }));
  for (const { metadata, spec, status } of listed.items) {
    if (spec.claimRef?.namespace !== namespace || status.phase === "Available") continue;
    if (spec.hostPath !== undefined) await run("find", [spec.hostPath.path, "-mindepth", "1", "-delete"]);
    const patch = JSON.stringify({ spec: { claimRef: null } });
    await run(programAt("kubectl"), ["patch", "pv", metadata.name, "--type=merge", "-p", patch], {
      environment,
    });
  }
}

// biome-ignore lint/suspicious/noExplicitAny: the API's own shape, read here and nowhere else
function podOf({ metadata, spec, status }: any): Pod {
  const condition = (type: string) =>
    // biome-ignore lint/suspicious/noExplicitAny: as above
    (status.conditions ?? []).find((each: any) => each.type === type);
  const scheduled = condition("PodScheduled");
  return {
    name: metadata.name,
    phase: metadata.deletionTimestamp === undefined ? status.phase : "Terminating",
    isReady: condition("Ready")?.status === "True",
    restarts: (status.containerStatuses ?? []).reduce(
      (sum: number, each: { restartCount: number }) => sum + each.restartCount,
      0,
    ),
    node: spec.nodeName ?? null,
    annotations: metadata.annotations ?? {},
    unschedulable: scheduled?.status === "False" ? scheduled.message : null,
  };
}
