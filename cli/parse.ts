import { InvalidArgumentError } from "commander";

/** An option that is a whole number from 0 on. */
export function parseCount(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0 || text.trim() === "") {
    throw new InvalidArgumentError("it must be a whole number, 0 or more.");
  }
  return value;
}
