import type { GroupRequest, SampleFailure } from "./generation.ts";

/** Why no sample of a group can be generated; null when they can. */
export function whyNotServable(
  { prompt, samples, sampling }: GroupRequest,
  contextTokens: number,
  vocabulary: number,
): SampleFailure | null {
  const reject = (errorClass: string, message: string) => ({ errorClass, message, retry: false });
  if (prompt.length === 0) return reject("prompt-empty", "the prompt has no token");
  if (prompt.length + sampling.maxTokens > contextTokens)
    return {
      ...reject(
        "prompt-too-long",
        `the prompt of ${prompt.length} tokens and a completion of ${sampling.maxTokens} do not fit into the context of ${contextTokens}`,
      ),
      contextTokens,
    };
  const given = [prompt, ...samples.map(({ prefix }) => prefix?.tokens ?? new Int32Array())];
  const unknown = given.flatMap((tokens) => [...tokens]).find((token) => token < 0 || token >= vocabulary);
  if (unknown !== undefined)
    return reject("token-unknown", `token ${unknown} is not one of the vocabulary's ${vocabulary}`);
  return null;
}
