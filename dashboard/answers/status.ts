/** A worker that is there. */
export interface WorkerView {
  readonly name: string;
  /** "" where it is not known. */
  readonly pool: string;
  readonly device: string;
  readonly quantization: string;
  readonly variant: string;
  readonly slots: number;
  readonly busySlots: number;
  readonly policyVersion: number;
  readonly tokensPerSecond: number;
}

/** Something that is waited for. */
export interface WaitView {
  /** As it reads after "waits for". */
  readonly what: string;
  readonly on: string;
  readonly seconds: number;
  /** 0 where another deadline ends it. */
  readonly deadlineSeconds: number;
}

/** Sent as the event `status` whenever it has changed, at most once a second; also `GET /api/status`. */
export interface StatusView {
  /** Whether the run is running, rather than read from what it left. */
  readonly isLive: boolean;
  readonly run: string;
  readonly state: string;
  readonly reason: string;
  readonly step: number;
  readonly steps: number;
  readonly seconds: number;
  readonly tokensPerSecond: number;
  /** In words; "" when nothing is missing. */
  readonly waitingFor: string;
  /** Number of the newest rollout. */
  readonly newest: number;
  readonly workers: readonly WorkerView[];
  readonly waits: readonly WaitView[];
}
