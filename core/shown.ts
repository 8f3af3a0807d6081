/** Longest part of a foreign text that is shown, in UTF-16 units. */
const MOST_SHOWN = 80;

/** Control and format characters, halves of characters, line and paragraph separators. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * Foreign text for a sentence of ours: what would act on a terminal is spelt as `\u{1b}`, and what is long loses its
 * middle.
 *
 * @param most - longest text that is shown whole, in UTF-16 units
 */
export function shown(text: string, most: number = MOST_SHOWN): string {
  const tail = Math.floor(most / 3);
  const cut = text.length > most ? `${text.slice(0, most - tail)} … ${text.slice(text.length - tail)}` : text;
  return cut.replaceAll(
    INVISIBLE,
    (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  );
}
