/**
 * A snapshot: the fold up to one message of the ledger, as bytes. It only makes a replay shorter, and is never needed:
 * one that is not exactly right is not used.
 *
 *     header (JSON), a line feed, the state as `serializeState` writes it
 *
 * @module
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { FleetError } from "../../core/index.ts";
import { digestOfText, parseState } from "./digest.ts";
import type { LedgerState } from "./state.ts";

/** A snapshot is damaged, or of another fold or another ledger. The message says which. */
export class UnusableSnapshotError extends FleetError {
  readonly code = "coordinator.unusable_snapshot";
  readonly disposition = "reject";
}

/** Up to where the fold of a snapshot goes. */
export interface SnapshotPlace {
  /** Of the ledger's message. */
  readonly sequence: number;
  /** SHA-256 of that message, in hex: the same sequence in another ledger is another message. */
  readonly message: string;
}

const Header = z.object({
  sequence: z.int().min(1),
  message: z.string(),
  /** See {@link foldVersion}. */
  fold: z.string(),
  /** Of the state's text, in hex. */
  sha256: z.string(),
});

const LINE_FEED = 10;
let version: string | undefined;

/** Of the fold: SHA-256 of its sources, in hex, so that a changed fold never goes on from what another one made. */
export function foldVersion(): string {
  version ??= digestOfSources(import.meta.dirname);
  return version;
}

/** @param text - the state at that place, as `serializeState` writes it */
export function encodeSnapshot({ sequence, message }: SnapshotPlace, text: string): Buffer {
  const header: z.output<typeof Header> = {
    sequence,
    message,
    fold: foldVersion(),
    sha256: digestOfText(text),
  };
  return Buffer.from(`${JSON.stringify(header)}\n${text}`);
}

/** @throws {UnusableSnapshotError} when it is damaged or of another fold */
export function decodeSnapshot(bytes: Uint8Array): SnapshotPlace & { readonly state: LedgerState } {
  const end = bytes.indexOf(LINE_FEED);
  const header = parseHeader(Buffer.from(bytes.subarray(0, Math.max(0, end))).toString());
  const text = Buffer.from(bytes.subarray(end + 1)).toString();
  if (header.fold !== foldVersion()) {
    throw new UnusableSnapshotError("the snapshot was made by another version of the fold");
  }
  if (header.sha256 !== digestOfText(text)) {
    throw new UnusableSnapshotError("the snapshot is damaged: its digest does not match");
  }
  return { sequence: header.sequence, message: header.message, state: parseState(text) };
}

/** By what a ledger's message is known. */
export function digestOfMessage(data: Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

function parseHeader(text: string): z.output<typeof Header> {
  try {
    return Header.parse(JSON.parse(text));
  } catch (cause) {
    throw new UnusableSnapshotError("the snapshot is damaged: it does not say what it is", { cause });
  }
}

function digestOfSources(folder: string): string {
  const hash = createHash("sha256");
  const names = readdirSync(folder).filter((name) => name.endsWith(".ts"));
  for (const name of names.sort()) hash.update(name).update(readFileSync(join(folder, name)));
  return hash.digest("hex");
}
