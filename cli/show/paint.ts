import { styleText } from "node:util";

/** What colours are used for. */
const STYLES = {
  title: "bold",
  good: "green",
  bad: "red",
  place: "cyan",
  aside: "dim",
} as const;

/** Gives a text the colour of its meaning; the text itself where there are no colours. */
export type Paint = (meaning: keyof typeof STYLES, text: string) => string;

/** No colours. */
export const plain: Paint = (_, text) => text;

/** Colours of a terminal. */
export const coloured: Paint = (meaning, text) =>
  text === "" ? "" : styleText(STYLES[meaning], text, { validateStream: false });

/** Colours where `stream` is a terminal that has some, and NO_COLOR does not forbid them. */
export function paintFor(stream: NodeJS.WriteStream): Paint {
  return stream.isTTY && !process.env["NO_COLOR"] && stream.hasColors() ? coloured : plain;
}
