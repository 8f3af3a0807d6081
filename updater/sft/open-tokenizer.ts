import { FleetError } from "../../core/index.ts";
import { openEngine } from "../../llama/index.ts";
import type { Tokenizer } from "./examples.ts";

/** The model does not say what ends a completion. */
export class NoEndTokenError extends FleetError {
  readonly code = "updater.no_end_token";
  readonly disposition = "reject";
}

/**
 * Opens the tokenizer of a model, by engines that decode nothing. Prompts become the text of a user's message in the
 * template; completions are plain text.
 *
 * @param template - "gguf", "raw", or a file
 * @throws {NoEndTokenError}
 */
export async function openTokenizer(gguf: string, template: string): Promise<Tokenizer & AsyncDisposable> {
  await using opening = new AsyncDisposableStack();
  const open = async (choice: string) =>
    opening.use(
      await openEngine(
        { gguf, device: "cpu", slots: 1, contextTokens: 64, threads: 1, template: choice, exact: false },
        "the tokenizer",
      ),
    );
  const plain = await open("raw");
  const templated = template === "raw" ? plain : await open(template);
  const { endTokens, addBos, contextLength } = plain.model;
  const [endToken] = endTokens;
  if (endToken === undefined) throw new NoEndTokenError(`${gguf} names no token that ends a completion`);
  const owned = opening.move();
  const tokenize = (engine: typeof plain, texts: readonly string[]) =>
    Promise.all(texts.map((content) => engine.tokenizePrompt([{ role: "user", content }])));

  return {
    endToken,
    contextTokens: contextLength,
    prompts: (texts) => tokenize(templated, texts),
    completions: async (texts) =>
      (await tokenize(plain, texts)).map((tokens) => tokens.subarray(addBos ? 1 : 0)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
