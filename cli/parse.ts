import { statSync } from "node:fs";
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

/** `host:port`, an IPv6 host in brackets. */
export function parseAddress(text: string): string {
  if (/^(\[[\da-f:]+\]|[\w.-]+):\d{1,5}$/i.test(text)) return text;
  throw new InvalidArgumentError(`"${text}" is not host:port`);
}

/** `nats://host:port` or `tls://host:port`, several separated by commas. */
export function parseNatsUrl(text: string): string {
  if (text.split(",").every((url) => /^(nats|tls):\/\/(\[[\da-f:]+\]|[\w.-]+):\d{1,5}$/i.test(url)))
    return text;
  throw new InvalidArgumentError(`"${text}" is not a URL such as nats://host:4222`);
}

/** A JetStream domain: one token of a subject. */
export function parseDomain(text: string): string {
  if (/^[\w-]+$/.test(text)) return text;
  throw new InvalidArgumentError(`"${text}" is not a domain of letters, digits, "_" and "-"`);
}

/** A file to write: one that is there is replaced, a folder is not. */
export function parseFileOut(text: string): string {
  const isFolder = text.endsWith("/") || statSync(text, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isFolder) return text;
  throw new InvalidArgumentError(`"${text}" is a folder, name a file`);
}

/** SHA-256 in hexadecimal. */
export function parseDigest(text: string): string {
  if (/^[\da-f]{64}$/.test(text)) return text;
  throw new InvalidArgumentError(`"${text}" is not a SHA-256 of 64 hexadecimal digits`);
}

/** `http://…` or `https://…`. */
export function parseUrl(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new InvalidArgumentError(`"${text}" is not a URL such as http://localhost:4318`);
}
