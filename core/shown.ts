/** Longest part of a foreign text that an error shows, in UTF-16 units. */
const MOST_SHOWN = 80;

/** Control and format characters, halves of characters, line and paragraph separators. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * Foreign text for a sentence of ours: what would act on a terminal is spelt as `\u{1b}`, and what is long is cut.
 *
 * @param most - longest text that is shown whole, in UTF-16 units
 */
export function shown(text: string, most: number = MOST_SHOWN): string {
  const start = text.length > most ? `${text.slice(0, most)}…` : text;
  return start.replaceAll(
    INVISIBLE,
    (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  );
}
