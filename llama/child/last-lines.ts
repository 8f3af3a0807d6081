import type { Readable } from "node:stream";

/** The end of what a process printed. */
export interface LastLines {
  /** The last lines as they read at the end of an error's message: `: …`, or nothing when nothing was printed. */
  quote(): string;
}

const KEPT = 6;
const LINE_CHARACTERS = 300;

/** Reads a stream to its end and keeps its last lines, such as the assertion that ended a process. */
export function keepLastLines(stream: Readable | null): LastLines {
  const lines: string[] = [];
  let unfinished = "";
  stream?.setEncoding("utf8").on("data", (text: string) => {
    const parts = (unfinished + text).split("\n");
    unfinished = parts.pop() ?? "";
    lines.push(...parts.map((line) => line.trim().slice(0, LINE_CHARACTERS)).filter((line) => line !== ""));
    lines.splice(0, lines.length - KEPT);
  });
  return {
    quote: () => {
      const said = unfinished === "" ? lines : [...lines, unfinished];
      return said.length === 0 ? "" : `: ${said.join(" | ")}`;
    },
  };
}
