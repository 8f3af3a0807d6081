/**
 * Every reader of what a stranger may have made.
 *
 * @module
 */
import type { FuzzTarget } from "../target.ts";
import { adapter, model } from "./gguf.ts";
import { ledger } from "./ledger.ts";
import { dataset, datasetGz, datasetZst, replies } from "./lines.ts";
import { diff, reply } from "./replies.ts";
import { checkpoint, endpoints, secrets } from "./run-files.ts";
import { runConfig, template, tokenizer } from "./texts.ts";
import { collectMessage, reference, rollout, task } from "./wire.ts";

/** In the order in which they are fuzzed. */
export const targets: readonly FuzzTarget[] = [
  ...[model, adapter, tokenizer, template, dataset, datasetGz, datasetZst, replies, runConfig],
  ...[endpoints, secrets, checkpoint, task, rollout, reference, collectMessage, ledger, reply, diff],
];
