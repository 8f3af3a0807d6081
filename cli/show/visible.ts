/**
 * Text of a stranger on a terminal: nothing in it acts, and its width is known.
 *
 * @module
 */

const TAB_STOP = 4;

/** Control and format characters, lone surrogates, line and paragraph separators: what moves a cursor or hides. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const COMBINING = /\p{M}/u;
const EMOJI = /\p{Emoji_Presentation}/u;
/** Blocks whose characters take two columns. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x20000, 0x3fffd],
];

/** A line with everything invisible spelt out: `\x1b`, `\u{202e}`; a tab as an arrow up to the next stop. */
export function visible(line: string): string {
  let shown = "";
  let column = 0;
  for (const character of line) {
    const cell = character === "\t" ? "→".padEnd(TAB_STOP - (column % TAB_STOP)) : spelt(character);
    shown += cell;
    column += widthOf(cell);
  }
  return shown;
}

/** Columns that a visible text takes. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += columnsOf(character);
  return width;
}

/** Breaks a visible text into pieces of at most `columns`; an empty text is one empty piece. */
export function wrap(text: string, columns: number): string[] {
  const pieces: string[] = [];
  let piece = "";
  let width = 0;
  for (const character of text) {
    const more = columnsOf(character);
    if (width + more > columns && piece !== "") {
      pieces.push(piece);
      piece = "";
      width = 0;
    }
    piece += character;
    width += more;
  }
  return [...pieces, piece];
}

/** Fills a visible text up to `columns` with blanks. */
export function fill(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - widthOf(text)));
}

function spelt(character: string): string {
  if (!INVISIBLE.test(character)) return character;
  const point = character.codePointAt(0) as number;
  return point < 0x100 ? `\\x${point.toString(16).padStart(2, "0")}` : `\\u{${point.toString(16)}}`;
}

function columnsOf(character: string): number {
  const point = character.codePointAt(0) as number;
  if (point < 0x300) return 1;
  if (EMOJI.test(character) || WIDE.some(([from, to]) => point >= from && point <= to)) return 2;
  return COMBINING.test(character) ? 0 : 1;
}
