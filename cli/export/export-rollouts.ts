import { FleetError } from "../../core/index.ts";
import { openGguf, readTokenTexts } from "../../llama/index.ts";
import { csvLine } from "./csv.ts";
import { type RolloutChoice, type RolloutRow, rolloutRows } from "./rollout-rows.ts";

/** The vocabulary that prompts are written with is not at hand. */
class NoVocabularyError extends FleetError {
  readonly code = "cli.no_vocabulary";
  readonly disposition = "reject";
}

/** How rollouts are written: for TRL's trainers, whole as JSON lines, or as a table without what is kept for each token. */
export type RolloutFormat = "trl" | "jsonl" | "csv";

/** As numbers of JSON; 64-bit integers would be texts. */
const SEQUENCE = "r.sequence::DOUBLE AS sequence";
const STEP = "o.step::DOUBLE AS step";
const ABOUT = [
  ...[SEQUENCE, "r.lane", "r.task", "r.sample", "r.attempt", "r.instance", "r.temperature", "r.worker"],
  ...[STEP, "o.outcome", "o.reason", "r.reward", "r.exact", "r.error_class", "r.scorer", "r.finish"],
];
const TIMES = ["r.queued_ms", "r.prefill_ms", "r.decode_ms", "r.reward_ms"];
const PER_TOKEN = ["r.prompt_tokens", "r.tokens", "r.logp", "r.logq", "r.entropy"];
const TABLE = [
  ...ABOUT,
  ...TIMES,
  "len(r.prompt_tokens) AS prompt_length",
  "len(r.tokens) AS length",
  "r.text",
];
const WHOLE = [
  ...ABOUT,
  ...TIMES,
  "r.components_json",
  "r.explanation_json",
  "r.spans_json",
  "r.text",
  ...PER_TOKEN,
];
const PAIRS = [
  ...[SEQUENCE, "r.instance", "r.task", "r.reward", STEP, "r.prompt_tokens", "r.text"],
  "r.finish",
];

/**
 * The text of a file of rollouts, piece by piece.
 *
 * - `trl`: JSON lines with `prompt`, `completion` and `reward`, TRL's prompt-completion format; `prompt` is as the model
 *   read it, template included.
 * - `jsonl`: JSON lines with every column; `components`, `explanation` and `spans` as JSON, token lists as arrays.
 * - `csv`: RFC 4180 with a header.
 *
 * @param gguf - the model whose vocabulary the prompts are in
 * @throws {NoVocabularyError} for `trl` where it cannot be read
 */
export async function* rolloutPieces(
  archive: string,
  format: RolloutFormat,
  choice: RolloutChoice,
  gguf: string,
): AsyncGenerator<string, void> {
  if (format === "csv") {
    yield csvLine(TABLE.map(nameOf));
    for await (const row of rolloutRows(archive, choice, TABLE)) {
      yield csvLine(TABLE.map((column) => row[nameOf(column)]));
    }
  } else if (format === "jsonl") {
    for await (const row of rolloutRows(archive, choice, WHOLE)) yield `${JSON.stringify(wholeOf(row))}\n`;
  } else {
    const textOf = await openVocabulary(gguf);
    for await (const row of rolloutRows(archive, choice, PAIRS)) {
      yield `${JSON.stringify(pairOf(row, textOf))}\n`;
    }
  }
}

/** As a row calls a column: without its table, or by the name that it is given. */
function nameOf(column: string): string {
  return column.replace(/^.* AS /, "").replace(/^[ro]\./, "");
}

function wholeOf({ components_json, explanation_json, spans_json, ...row }: RolloutRow) {
  return {
    ...row,
    components: JSON.parse(String(components_json)),
    explanation: explanation_json === "" ? null : JSON.parse(String(explanation_json)),
    spans: JSON.parse(String(spans_json)),
  };
}

type TextOf = (tokens: readonly number[]) => string;

function pairOf({ prompt_tokens, text, reward, finish: _, ...about }: RolloutRow, textOf: TextOf) {
  return { prompt: textOf(prompt_tokens as number[]), completion: String(text), reward, ...about };
}

async function openVocabulary(gguf: string): Promise<TextOf> {
  try {
    await using file = await openGguf(gguf);
    const texts = readTokenTexts(file);
    if (texts === null) throw new Error("it has no vocabulary of a kind that is known here");
    const bytes = texts.map((token) => Buffer.from("special" in token ? token.special : token.bytes));
    return (tokens) => Buffer.concat(tokens.map((id) => bytes[id] ?? Buffer.alloc(0))).toString();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new NoVocabularyError(
      `prompts cannot be written as text, since the vocabulary of ${gguf} cannot be read (${why}): put the model back, or export with --format jsonl, which has the tokens`,
      { cause },
    );
  }
}
