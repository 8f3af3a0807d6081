/**
 * GPT-2's alphabet: each byte has a printable character of its own, so that a vocabulary is plain text.
 * Printable Latin-1 stands for itself, the other 68 bytes for U+0100 and up, in order.
 *
 * @module
 */

const CHARACTER_OF_BYTE: readonly string[] = charactersOfBytes();

/** The 256 characters, sorted by code point. */
export const BYTE_ALPHABET: readonly string[] = [...CHARACTER_OF_BYTE].sort();

/** The UTF-8 bytes of a text, one character each. */
export function toByteCharacters(text: string): string[] {
  return [...Buffer.from(text, "utf8")].map((byte) => CHARACTER_OF_BYTE[byte] as string);
}

function charactersOfBytes(): string[] {
  const printable = (byte: number) => (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : next++));
}
