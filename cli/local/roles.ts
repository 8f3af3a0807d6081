import { coordinatorEnvironment } from "../../coordinator/index.ts";
import type { RunConfig } from "../run-config.ts";
import type { RunFolder } from "../run-folder.ts";
import { type KeptRole, keepRole } from "./kept-role.ts";
import { type MetricsPorts, metricsArguments } from "./metrics-ports.ts";
import { type Exit, startRole } from "./role-process.ts";

const COORDINATOR = "coordinator";
/** Longer than a worker's own drain, so that it is not cut short by us. */
const GRACE_MARGIN_MS = 5_000;
/** A coordinator or updater writes what it has and goes. */
const GRACE_MS = 30_000;

/** The processes of a run on this machine, in the order in which they must stop. */
export interface Roles extends AsyncDisposable {
  readonly coordinator: KeptRole;
  /** Rejects as soon as one role has ended for good by a failure. */
  readonly failed: Promise<never>;
  /** Starts what dials in: workers and the updater. */
  startOthers(metrics: MetricsPorts): void;
  /** Ends all of them at once. */
  kill(): void;
}

/** What dials in, by the names of its processes: the updater, and every worker in the order of its pool. */
export function namesOfOthers({ local }: RunConfig): string[] {
  const workers = local.workers.reduce((sum, { count }) => sum + count, 0);
  return ["updater", ...Array.from({ length: workers }, (_, i) => `worker-${i}`)];
}

/** Starts the coordinator's process; the others follow when it listens. Disposing stops them in order. */
export function openRoles(
  folder: RunFolder,
  config: RunConfig,
  resume: boolean,
  metrics: MetricsPorts,
  onDeath: (name: string, exit: Exit) => void,
): Roles {
  const keep = (name: string, ports: MetricsPorts, argsOf: (restart: number) => string[]) => {
    const environment = name === COORDINATOR ? coordinatorEnvironment() : {};
    const start = (restart: number) =>
      startRole(name, [...argsOf(restart), ...metricsArguments(ports, name)], folder.log(name), environment);
    return keepRole(name, start, onDeath);
  };
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {}); // Looked at by whoever races it.
  const watch = (role: KeptRole) => {
    role.ended.catch(failure.reject);
    return role;
  };

  const coordinator = watch(
    keep(COORDINATOR, metrics, (restart) => [
      COORDINATOR,
      "--config",
      folder.config,
      ...(resume || restart > 0 ? ["--resume"] : []),
    ]),
  );
  const workers: KeptRole[] = [];
  const updaters: KeptRole[] = [];
  const all = () => [...workers, ...updaters, coordinator];

  return {
    coordinator,
    failed: failure.promise,
    startOthers: (ports) => {
      updaters.push(watch(keep("updater", ports, () => ["updater", "--config", folder.config])));
      for (const [pool, { count }] of config.local.workers.entries()) {
        for (let i = 0; i < count; i++) {
          const name = `worker-${workers.length}`;
          const args = ["worker", "--config", folder.config, "--name", name, "--pool", String(pool)];
          workers.push(watch(keep(name, ports, () => args)));
        }
      }
    },
    kill: () => {
      for (const role of all()) role.kill();
    },
    [Symbol.asyncDispose]: async () => {
      const drainMs = config.worker.drainTimeoutMs + GRACE_MARGIN_MS;
      await Promise.all(workers.map((worker) => worker.stop(drainMs)));
      await Promise.all(updaters.map((updater) => updater.stop(GRACE_MS)));
      await coordinator.stop(GRACE_MS);
    },
  };
}
