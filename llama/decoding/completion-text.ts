/** The text of a completion as its tokens arrive, and where a stop text begins in it. */
export interface CompletionText {
  /** Adds a token's bytes; true when a stop text is now complete. */
  add(bytes: Uint8Array): boolean;
  /** The text, cut before the first stop text. Bytes that are not UTF-8 read as U+FFFD. */
  read(): string;
}

/** Creates an empty text that ends at any of `stop`. */
export function createCompletionText(stop: readonly string[]): CompletionText {
  const stops = stop.filter((text) => text !== "").map((text) => Buffer.from(text, "utf8"));
  const longest = Math.max(0, ...stops.map((text) => text.byteLength));
  let buffer = Buffer.alloc(256);
  let length = 0;
  let end: number | null = null;

  const append = (bytes: Uint8Array) => {
    if (length + bytes.byteLength > buffer.byteLength)
      buffer = Buffer.concat([buffer], 2 * (length + bytes.byteLength));
    buffer.set(bytes, length);
    length += bytes.byteLength;
  };
  return {
    add(bytes) {
      const unsearched = Math.max(0, length - longest + 1);
      append(bytes);
      const found = stops
        .map((text) => buffer.subarray(0, length).indexOf(text, unsearched))
        .filter((at) => at >= 0);
      if (found.length > 0) end ??= Math.min(...found);
      return end !== null;
    },
    read: () => buffer.toString("utf8", 0, end ?? length),
  };
}
