import { InvalidArgumentError } from "commander";

/** An option that is a whole number from 0 on. */
export function parseCount(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0 || text.trim() === "") {
    throw new InvalidArgumentError("It must be a whole number, 0 or more.");
  }
  return value;
}

/** An option that is a whole number from 1 on. */
export function parsePositive(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1 || text.trim() === "") {
    throw new InvalidArgumentError("It must be a whole number, 1 or more.");
  }
  return value;
}
