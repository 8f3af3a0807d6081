import { randomBytes } from "node:crypto";
import { ForeignInputError } from "../../core/index.ts";
import { type Jinja, parseJinja } from "./jinja.ts";
import { type PromptPiece, splitPieces } from "./pieces.ts";

/** One message of a conversation. */
interface PromptMessage {
  readonly role: string;
  readonly content: string;
}

/** Turns a conversation into the prompt that asks for the next reply. */
export type PromptTemplate = (messages: readonly PromptMessage[]) => PromptPiece[];

/** What a template takes from the model that it writes for. */
interface TemplateTokens {
  /** The beginning-of-sequence token's text, `bos_token` in the template. */
  readonly bosText: string;
  /** The end-of-sequence token's text, `eos_token` in the template. */
  readonly eosText: string;
  /** All special tokens' texts. */
  readonly specialTexts: readonly string[];
}

/** Where a template comes from: the model's GGUF, a file, or nowhere: the messages' texts, one after another. */
export type TemplateSource =
  | (TemplateTokens & { readonly kind: "gguf"; readonly template: string | null })
  | (TemplateTokens & { readonly kind: "file"; readonly template: string })
  | { readonly kind: "raw" };

/** A chat template is missing, cannot be parsed, or refuses the messages. */
export class TemplateError extends ForeignInputError {
  readonly code = "llama.template_unusable";
  readonly disposition = "reject";
}

/**
 * Creates a chat template in Jinja as Hugging Face's `apply_chat_template` runs it, with `add_generation_prompt` and
 * the date pinned (see `pinned-date.ts`). Messages' texts never become special tokens, whatever they say: the template
 * sees unguessable placeholders in their stead, with the white space around a text left where it is, so that `trim`
 * works. Where a template fails on a system message, the system's text goes before the first user's, a blank line between.
 *
 * @throws {TemplateError} when there is no template or it cannot be parsed; the function that is returned throws it
 * when the template fails on the messages or leaves one out
 */
export function createTemplate(source: TemplateSource): PromptTemplate {
  if (source.kind === "raw")
    return (messages) => {
      const text = messages.map(({ content }) => content).join("");
      return text === "" ? [] : [{ text, special: false }];
    };
  const name = source.kind === "gguf" ? "the model's chat template" : "the chat template file";
  if (source.template === null)
    throw new TemplateError(
      'the model has no chat template in its GGUF; set the template to "raw" or to a file with one',
    );
  const template = parseTemplate(source.template, name);
  const write = (messages: readonly PromptMessage[]) => {
    const { disguised, contents } = disguise(messages);
    const rendered = render(template, name, {
      messages: disguised,
      bos_token: source.bosText,
      eos_token: source.eosText,
      add_generation_prompt: true,
    });
    requireAll(rendered, contents, name);
    return splitPieces(rendered, contents, source.specialTexts);
  };
  return (messages) => {
    try {
      return write(messages);
    } catch (error) {
      const folded = withoutSystem(messages);
      if (folded === null) throw error;
      return write(folded);
    }
  };
}

/** The same texts without the role of system; null where no system message is followed by a user's. */
function withoutSystem([system, user, ...rest]: readonly PromptMessage[]): PromptMessage[] | null {
  if (system?.role !== "system" || user?.role !== "user") return null;
  return [{ role: "user", content: `${system.content}\n\n${user.content}` }, ...rest];
}

function parseTemplate(template: string, name: string): Jinja {
  try {
    return parseJinja(template);
  } catch (cause) {
    throw new TemplateError(`${name} cannot be parsed: ${firstLine(cause)}`, { cause });
  }
}

function render(template: Jinja, name: string, variables: Readonly<Record<string, unknown>>): string {
  try {
    return template(variables);
  } catch (cause) {
    throw new TemplateError(`${name} refuses the messages: ${firstLine(cause)}`, { cause });
  }
}

/** Replaces what each message says by a placeholder. */
function disguise(messages: readonly PromptMessage[]): {
  disguised: PromptMessage[];
  contents: Map<string, string>;
} {
  const contents = new Map<string, string>();
  const disguised = messages.map(({ role, content }) => {
    const words = content.trim();
    if (words === "") return { role, content };
    const placeholder = randomBytes(16).toString("hex");
    contents.set(placeholder, words);
    return { role, content: content.replace(words, () => placeholder) };
  });
  return { disguised, contents };
}

function requireAll(rendered: string, contents: ReadonlyMap<string, string>, name: string): void {
  for (const [placeholder, content] of contents)
    if (!rendered.includes(placeholder))
      throw new TemplateError(
        `${name} leaves out or rewrites the message that begins "${content.slice(0, 40)}"`,
      );
}

function firstLine(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).split("\n", 1)[0] ?? "";
}
