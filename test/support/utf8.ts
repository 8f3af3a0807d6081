/** The bytes of a text. */
export const bytes = (text: string) => new TextEncoder().encode(text);

/** The text of bytes. */
export const text = (data: Uint8Array) => new TextDecoder().decode(data);
