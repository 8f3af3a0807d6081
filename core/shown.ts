/** Longest part of a foreign text that is shown, in UTF-16 units. */
const MOST_SHOWN = 80;

/** Control and format characters, halves of characters, line and paragraph separators. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * Foreign text for a sentence of ours: what would act on a terminal is spelt as `\u{1b}`, and what is then long loses its
 * middle.
 *
 * @param most - longest text that is shown whole, in UTF-16 units, spelt
 */
export function shown(text: string, most: number = MOST_SHOWN): string {
  const tail = Math.floor(most / 3);
  const whole = text.length <= most ? spell(text) : null;
  if (whole !== null && whole.length <= most) return whole;
  const first = [...text.slice(0, most - tail)].map(spell);
  const last = [...text.slice(text.length - tail)].map(spell);
  return `${within(first, most - tail).join("")} … ${within(last.reverse(), tail).reverse().join("")}`;
}

function spell(text: string): string {
  return text.replaceAll(
    INVISIBLE,
    (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  );
}

/** As many of the pieces, from the first on, as have room. */
function within(pieces: readonly string[], most: number): string[] {
  let left = most;
  const fitting = pieces.findIndex((piece) => {
    left -= piece.length;
    return left < 0;
  });
  return pieces.slice(0, fitting < 0 ? pieces.length : fitting);
}
