/** A piece of a rendered prompt. Only in special ones are names of special tokens read as such. */
export interface PromptPiece {
  readonly text: string;
  readonly special: boolean;
}

/**
 * Splits a rendered prompt into the template's special tokens and the text between them. Text of the template and
 * text of messages that touch become one piece, since the tokenizer may merge across where they meet.
 *
 * @param rendered - the prompt, with a placeholder for each message's text
 * @param contents - what each placeholder stands for
 * @param specialTexts - special tokens as the template spells them
 */
export function splitPieces(
  rendered: string,
  contents: ReadonlyMap<string, string>,
  specialTexts: readonly string[],
): PromptPiece[] {
  const special = new Set(specialTexts);
  const pattern = anyOf([...contents.keys(), ...specialTexts]);
  const parts = pattern === null ? [rendered] : rendered.split(pattern);
  const pieces: PromptPiece[] = [];
  let text = "";
  const endText = () => {
    if (text !== "") pieces.push({ text, special: false });
    text = "";
  };
  for (const part of parts) {
    const content = contents.get(part);
    if (content === undefined && special.has(part)) {
      endText();
      pieces.push({ text: part, special: true });
    } else text += content ?? part;
  }
  endText();
  return pieces;
}

/** Matches, and keeps when splitting, any of some texts, a longer one before its own beginning. */
function anyOf(texts: readonly string[]): RegExp | null {
  const wanted = texts.filter((text) => text !== "").sort((a, b) => b.length - a.length);
  return wanted.length === 0 ? null : new RegExp(`(${wanted.map(RegExp.escape).join("|")})`);
}
