import type { RewardConfig } from "../../rewards/index.ts";
import type { Logger, Telemetry } from "../../telemetry/index.ts";
import type { ClientTls, RunSecrets, ServerTls } from "../../transport/index.ts";
import type {
  BatchConfig,
  DatasetConfig,
  EvalConfig,
  LeaseConfig,
  SamplingConfig,
  ScalingConfig,
  StorageConfig,
} from "../config.ts";
import type { LiveDashboardOptions } from "../dashboard/open-live-dashboard.ts";
import type { RunSettings } from "../ledger/run-settings.ts";

/** What a coordinator is told. */
export interface CoordinatorOptions {
  readonly run: string;
  /** Whether a run that exists is continued rather than refused. */
  readonly resume: boolean;
  /** Whether the run was started before, as far as this host knows: then its ledger must be there. */
  readonly wasStarted?: boolean;
  /** Whether it goes on answering once the run is over, until it is stopped: for a process that would only be started again. */
  readonly staysUp?: boolean;
  readonly seed: number;
  readonly steps: number;
  /** SHA-256 of the training base, in hex. */
  readonly base: string;
  readonly dataset: DatasetConfig;
  readonly batch: BatchConfig;
  readonly sampling: SamplingConfig;
  /** Tokens of a prompt and its completion that every worker of the run has room for. */
  readonly contextTokens: number;
  readonly eval: EvalConfig;
  readonly leases: LeaseConfig;
  readonly storage: StorageConfig;
  readonly scaling: ScalingConfig;
  readonly reward: RewardConfig;
  /** The resolved run.yaml as JSON, for those who connect. */
  readonly runJson: string;
  readonly nats: {
    readonly url: string;
    /** Where workers reach it, if not where this process does. */
    readonly advertisedUrl?: string;
    readonly users: RunSecrets["users"];
    /** Null or left out: plain text. */
    readonly tls?: ClientTls | null;
  };
  readonly listen: {
    readonly host: string;
    readonly port: number;
    readonly token: string;
    readonly tls?: ServerTls | null;
  };
  /** Where KEDA asks for the size of the pools; left out: nowhere. */
  readonly scaler?: { readonly host: string; readonly port: number; readonly tls: ServerTls | null };
  /** Told the port once calls are answered. */
  readonly onListening: (port: number) => Promise<void>;
  /** Null or left out: there is none. */
  readonly dashboard?: LiveDashboardOptions | null;
  /** Folder of the archive. */
  readonly archive: string;
  /** Path of summary.json. */
  readonly summary: string;
  readonly logger: Logger;
  /** Left out: nobody asks. */
  readonly telemetry?: Telemetry;
}

/** What decisions depend on. */
export function settingsOf({ seed, steps, batch, sampling, eval: heldOut }: CoordinatorOptions): RunSettings {
  const { prompts, group, staleness, refillAtMost } = batch;
  return {
    seed,
    steps,
    prompts,
    group,
    temperature: sampling.temperature,
    staleness,
    refillAtMost,
    evalTasks: heldOut.dataset.length === 0 ? 0 : heldOut.tasks,
    evalEvery: heldOut.every,
    evalTemperatures: heldOut.temperatures,
  };
}
