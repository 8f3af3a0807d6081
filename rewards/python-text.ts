/**
 * Text as Python sees it: its idea of a blank, and of a line. Rewards are defined by what CPython's `str`
 * does, which differs from JavaScript in rare characters.
 *
 * @see https://docs.python.org/3/library/stdtypes.html#str.splitlines
 * @module
 */

const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;

/** What ends a line: LF, VT, FF, CR, FS, GS, RS, NEL, line separator, paragraph separator. */
const LINE_ENDS = new Set([LINE_FEED, 0x0b, 0x0c, CARRIAGE_RETURN, 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029]);

/** What `str.isspace` holds for, line ends aside. */
const SPACES = new Set([0x09, 0x1f, 0x20, 0xa0, 0x1680, 0x202f, 0x205f, 0x3000]);

/** Whether `str.strip` would leave nothing. */
export function isBlank(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    const blank = LINE_ENDS.has(unit) || SPACES.has(unit) || (unit >= 0x2000 && unit <= 0x200a);
    if (!blank) return false;
  }
  return true;
}

/** The lines of a text without their ends, as `str.splitlines` gives them; a last empty line is none. */
export function splitLines(text: string): string[] {
  const lines: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (!LINE_ENDS.has(unit)) continue;
    lines.push(text.slice(start, i));
    if (unit === CARRIAGE_RETURN && text.charCodeAt(i + 1) === LINE_FEED) i++;
    start = i + 1;
  }
  if (start < text.length) lines.push(text.slice(start));
  return lines;
}

/** The code points of a text; a lone surrogate is one. */
export function codePoints(text: string): Int32Array {
  const points = new Int32Array(text.length);
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const point = text.codePointAt(i) as number;
    points[count++] = point;
    if (point > 0xffff) i++;
  }
  return points.subarray(0, count);
}

/** Orders two texts by code points, as Python sorts them. */
export function compareCodePoints(a: string, b: string): number {
  const left = codePoints(a);
  const right = codePoints(b);
  const shared = Math.min(left.length, right.length);
  for (let i = 0; i < shared; i++) {
    const difference = (left[i] as number) - (right[i] as number);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
