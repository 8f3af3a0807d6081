/** Writes a line for the person or script that called. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Writes a value as one JSON document, for scripts. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

/** Writes a line that is not the result: what is being done, what went wrong. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}
