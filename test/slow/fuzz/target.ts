/** Draws in [0, 1), the same for the same input's number. */
export type Random = () => number;

/** A reader of data that a stranger may have made. */
export interface FuzzTarget {
  /** In lower case with hyphens. */
  readonly name: string;
  /** What the project's own writers make; each is accepted. */
  samples(): Promise<readonly Uint8Array[]> | readonly Uint8Array[];
  /** An input that lies where its format lets it: about counts, lengths, nesting, dimensions. */
  lie?(random: Random): Uint8Array;
  /** Makes a changed input whole again where the format has a digest, so that what is behind it is read too. */
  seal?(input: Uint8Array): Uint8Array;
  /**
   * Reads an input as the product does.
   *
   * @param fileOf - writes it under a name, for readers of files
   * @returns the sentences, if any, that a person is told about an input that is not refused as a whole
   */
  read(
    input: Uint8Array,
    fileOf: (name: string) => Promise<string>,
  ): Promise<readonly string[]> | readonly string[];
  /** Lines that a refusal may have; one where nothing is said. */
  readonly mostLines?: number;
  /** Memory beyond twice the input's size. */
  readonly allowanceMiB?: number;
}

/** A whole number from 0 below `bound`. */
export function below(random: Random, bound: number): number {
  return Math.floor(random() * bound);
}

/** One of a list. */
export function pickOf<T>(random: Random, list: readonly T[]): T {
  return list[below(random, list.length)] as T;
}
