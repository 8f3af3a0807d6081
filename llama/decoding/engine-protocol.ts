import type { Call } from "../child/index.ts";
import type { PromptPiece } from "../prompt/index.ts";
import type { EngineOptions, EngineStatus, OnPolicyChange, ScoreRequest } from "./engine.ts";
import type { EngineCompletion, GroupRequest, Policy, SampleFailure } from "./generation.ts";
import type { Scores } from "./scorer.ts";

/** What the decoding engine's process serves. Groups are numbered by the parent. */
export interface EngineProtocol {
  readonly calls: {
    /** First, once. */
    open: Call<EngineOptions, OpenedModel>;
    tokenize: Call<readonly PromptPiece[], Int32Array>;
    loadAdapter: Call<{ adapter: string; path: string }, void>;
    dropAdapter: Call<{ adapter: string }, void>;
    activate: Call<{ policy: Policy; running: OnPolicyChange }, void>;
    generate: Call<{ group: number; request: GroupRequest }, void>;
    cancel: Call<{ group: number; sample: number }, void>;
    handOver: Call<{ group: number }, EngineCompletion[]>;
    score: Call<ScoreRequest, Scores>;
    status: Call<void, EngineStatus>;
  };
  readonly events: {
    finished: { group: number; completion: EngineCompletion };
    failed: { group: number; sample: number; failure: SampleFailure };
  };
}

/** What only llama.cpp knows of a model. */
export interface OpenedModel {
  readonly device: string;
  readonly endTokens: readonly number[];
}
