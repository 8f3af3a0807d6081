import type { ComponentChildren } from "preact";

/** Control and format characters, lone surrogates, line and paragraph separators; a line's end and a tab are layout. */
const INVISIBLE = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * A stranger's text as text: nothing in it is markup, and what would be invisible, or turn the direction of what is around
 * it, is spelt out.
 */
export function Visible({ text }: { readonly text: string }) {
  return <bdi class="foreign">{partsOf(text)}</bdi>;
}

/** The parts of a text: itself, with what is invisible spelt out between. */
export function partsOf(text: string): ComponentChildren {
  const parts: ComponentChildren[] = [];
  let from = 0;
  for (const match of text.matchAll(INVISIBLE)) {
    if (match.index > from) parts.push(text.slice(from, match.index));
    parts.push(
      <span class="control" key={match.index}>
        {spelt(match[0])}
      </span>,
    );
    from = match.index + match[0].length;
  }
  if (parts.length === 0) return text;
  parts.push(text.slice(from));
  return parts;
}

/** `\x1b`, `\u{202e}` */
export function spelt(character: string): string {
  const point = character.codePointAt(0) ?? 0;
  return point < 0x100 ? `\\x${point.toString(16).padStart(2, "0")}` : `\\u{${point.toString(16)}}`;
}
