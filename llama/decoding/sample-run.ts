import type { Clock, RandomKey } from "../../core/index.ts";
import { type CompletionText, createCompletionText } from "./completion-text.ts";
import type {
  EngineCompletion,
  FinishReason,
  GroupRequest,
  Policy,
  SampleRequest,
  SamplingSettings,
} from "./generation.ts";
import type { Choice } from "./sampler.ts";
import { createTokenRecord, type TokenRecord } from "./token-record.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { isTruncated } from "./truncation.ts";

/** One sample on its way to a completion: what it has, wherever it runs. */
export interface SampleRun {
  /** The engine's number of the group. */
  readonly group: number;
  readonly sample: number;
  readonly key: RandomKey;
  readonly sampling: SamplingSettings;
  /** The completion so far. */
  readonly record: TokenRecord;
  /** Why it is complete; null while it is not. */
  readonly finish: FinishReason | null;
  /** Takes the next token. */
  take(choice: Choice, policy: Policy): void;
  /** A slot was given, after `promptMs` of evaluating the group's prompt. */
  started(promptMs: number): void;
  /** The completion as it is now; unfinished ones are "partial". */
  completion(): EngineCompletion;
}

/** Creates a sample's run; a prefix counts as already taken. */
export function createSampleRun(
  group: number,
  { sampling }: GroupRequest,
  request: SampleRequest,
  tokenizer: Tokenizer,
  clock: Clock,
): SampleRun {
  const record = createTokenRecord(request.prefix, isTruncated(sampling));
  const text = createCompletionText(sampling.stop);
  const watch = createWatch(clock);
  let finish: FinishReason | null = null;

  const notice = (token: number, count: number) => {
    finish = endOf(token, count, text, sampling, tokenizer);
  };
  request.prefix?.tokens.forEach((token, index) => {
    notice(token, index + 1);
  });
  return {
    group,
    sample: request.sample,
    key: request.key,
    sampling,
    record,
    get finish() {
      return finish;
    },
    take(choice, policy) {
      watch.sampled(record.add(choice, policy));
      notice(choice.token, record.count);
    },
    started: watch.started,
    completion: () => ({
      sample: request.sample,
      ...record.read(),
      finish: finish ?? "partial",
      text: text.read(),
      timings: watch.read(),
    }),
  };
}

function endOf(
  token: number,
  count: number,
  text: CompletionText,
  sampling: SamplingSettings,
  tokenizer: Tokenizer,
): FinishReason | null {
  if (tokenizer.isEnd(token)) return "end";
  if (text.add(tokenizer.bytesOf(token))) return "stop";
  return count >= sampling.maxTokens ? "length" : null;
}

/** Times one sample. A sample that starts again, since its cells are evaluated again, keeps its first times. */
function createWatch(clock: Clock) {
  const queuedAt = clock.monotonicMs();
  let prompt = 0;
  let startedAt: number | null = null;
  let sampledAt: number | null = null;
  const spanStartsMs: number[] = [];
  return {
    started(promptMs: number) {
      if (startedAt !== null) return;
      startedAt = clock.monotonicMs();
      prompt = promptMs;
    },
    sampled(beginsSpan: boolean) {
      if (sampledAt !== null && !beginsSpan) return;
      const now = clock.monotonicMs();
      sampledAt ??= now;
      spanStartsMs.push(now - sampledAt);
    },
    read(): EngineCompletion["timings"] {
      const now = clock.monotonicMs();
      const start = startedAt ?? now;
      const first = sampledAt ?? now;
      return {
        queuedMs: Math.max(0, start - queuedAt - prompt),
        prefillMs: prompt + first - start,
        decodeMs: now - first,
        spanStartsMs: [...spanStartsMs],
      };
    },
  };
}
