import type { Logger } from "../../telemetry/index.ts";
import type { WorkerPresence } from "../../transport/index.ts";
import type { RunPrompts } from "../issuing/read-prompts.ts";
import type { Core } from "../serving/core.ts";
import type { RunStores } from "../serving/open-stores.ts";
import type { AnswerParts } from "./answers.ts";
import { createFleetHistory } from "./fleet-history.ts";
import { createLiveSource } from "./live-source.ts";
import { type DashboardOptions, openDashboard } from "./serve-dashboard.ts";

/** What a coordinator is told of its dashboard. */
export interface LiveDashboardOptions
  extends DashboardOptions,
    Pick<AnswerParts, "others" | "pieces" | "advantagesOf"> {
  /** Whether a link is written to the log: where nobody else can make one. */
  readonly logLink: boolean;
}

/** The run that the dashboard shows. */
export interface ShownRun {
  readonly core: Core;
  readonly stores: Pick<RunStores, "rollouts">;
  readonly instances: RunPrompts["instances"];
  readonly archive: string;
  readonly logger: Logger;
}

/** The dashboard of a run that is running. */
export interface LiveDashboard extends AsyncDisposable {
  /** Takes in who is there. */
  see(workers: readonly WorkerPresence[]): void;
  /** Tells open pages how it ended, and leaves them a moment to ask for the rest. */
  lastLook(stop: AbortSignal): Promise<void>;
}

const NONE: LiveDashboard = {
  see: () => {},
  lastLook: async () => {},
  [Symbol.asyncDispose]: async () => {},
};

/** Opens the dashboard of a running run; one that shows nothing where none is asked for. */
export async function openLiveDashboard(
  options: LiveDashboardOptions | null,
  { core, stores, instances, archive, logger }: ShownRun,
): Promise<LiveDashboard> {
  if (options === null) return NONE;
  let present: readonly WorkerPresence[] = [];
  const history = createFleetHistory(Date.now());
  const source = createLiveSource({
    core,
    store: stores.rollouts,
    history,
    workers: () => present,
    issueOf: (instance) => instances.get(instance)?.issue ?? "",
  });
  const dashboard = await openDashboard(options, { ...options, source, archive, logger });
  logger.info("dashboard", options.logLink ? { link: dashboard.link() } : { url: dashboard.url });
  return {
    see: (workers) => {
      present = workers;
      history.see(workers, Date.now());
    },
    lastLook: (stop) => dashboard.lastLook(stop),
    [Symbol.asyncDispose]: () => dashboard[Symbol.asyncDispose](),
  };
}
