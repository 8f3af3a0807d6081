import { createHash } from "node:crypto";
import { pause, systemClock } from "../../core/index.ts";
import type { StatusAnswer } from "../../proto/index.ts";
import type { LedgerLog, RolloutStore } from "../../transport/index.ts";
import { readArchiveRows } from "../archive/read-rows.ts";
import { stateDigest } from "../ledger/digest.ts";
import { readEvents } from "../ledger/read-events.ts";
import { nameOf } from "./audit.ts";
import { compareArchive } from "./compare-archive.ts";
import { compareStatus } from "./compare-status.ts";
import { createFacts, type LedgerFacts } from "./ledger-facts.ts";

/** What a run is verified from. Nothing is written. */
export interface VerifyParts {
  readonly log: Pick<LedgerLog, "read">;
  readonly rollouts: Pick<RolloutStore, "read">;
  /** Folder of the archive. */
  readonly archive: string;
  /** Asks the live coordinator; null where none is running. */
  readonly status: (() => Promise<StatusAnswer>) | null;
}

/** What was compared, and what does not agree. */
export interface Verification {
  readonly messages: number;
  readonly events: number;
  /** SHA-256 of the fold over them. */
  readonly state: string;
  readonly step: number;
  readonly batches: number;
  readonly trainedSamples: number;
  readonly policies: number;
  readonly archivedFiles: number;
  readonly archivedRollouts: number;
  readonly archivedOutcomes: number;
  /** Rollouts that are still in ROLLOUTS alone. */
  readonly storedRollouts: number;
  /** Whether a live coordinator was asked. */
  readonly isLive: boolean;
  /** One sentence each. */
  readonly discrepancies: readonly string[];
}

/** What a live coordinator decided before it answered is in the ledger by then. */
const DURABLE_WITHIN_MS = 15_000;
const LOOK_AGAIN_MS = 50;

/** Folds the ledger anew, and compares it with the live coordinator, with ROLLOUTS and with the archive. */
export async function verifyRun({ log, rollouts, archive, status }: VerifyParts): Promise<Verification> {
  const facts = createFacts();
  const follow = followerOf(log, facts);
  await follow();
  const isLive = status !== null;
  const fromStatus = status === null ? [] : await compareLive(facts, follow, await status());
  const stored = await digestsIn(rollouts, facts.state.archivedThrough + 1, facts.state.lastSequence);
  const storedThrough = facts.state.lastSequence;
  await follow(); // What was archived meanwhile need not be in ROLLOUTS any more.
  const fromRollouts = compareStored(facts, stored, storedThrough);
  const contents = await readArchiveRows(archive);
  const { state, audit } = facts;
  const rows = (files: readonly { readonly rows: readonly unknown[] }[]) =>
    files.reduce((sum, file) => sum + file.rows.length, 0);
  return {
    messages: facts.messages,
    events: facts.events,
    state: stateDigest(state),
    step: state.step,
    batches: audit.batches,
    trainedSamples: audit.trained.size,
    policies: audit.policies.size,
    archivedFiles: facts.files.length,
    archivedRollouts: rows(contents.rollouts),
    archivedOutcomes: rows(contents.outcomes),
    storedRollouts: stored.size,
    isLive,
    discrepancies:
      facts.broken === null
        ? [...audit.breaches, ...fromStatus, ...fromRollouts, ...compareArchive(facts, contents, isLive)]
        : [facts.broken, ...audit.breaches],
  };
}

/** Reads on from where the last call came to. */
function followerOf(log: VerifyParts["log"], facts: LedgerFacts): (onEvent?: () => void) => Promise<void> {
  return async (onEvent) => {
    for await (const message of readEvents(log, facts.messages + 1)) facts.add(message, onEvent);
  };
}

/**
 * A coordinator's state at any moment is the fold up to some event, which may not be durable yet. So it agrees when one
 * of the folds from the one before the question on is what it answered.
 */
async function compareLive(
  facts: LedgerFacts,
  follow: (onEvent?: () => void) => Promise<void>,
  answer: StatusAnswer,
): Promise<string[]> {
  let differences = compareStatus(facts.state, answer);
  const look = () => {
    if (differences.length > 0) differences = compareStatus(facts.state, answer);
  };
  const giveUpAtMs = systemClock.monotonicMs() + DURABLE_WITHIN_MS;
  while (differences.length > 0 && facts.broken === null && systemClock.monotonicMs() < giveUpAtMs) {
    await follow(look);
    if (differences.length > 0) await pause(LOOK_AGAIN_MS);
  }
  return differences;
}

/** SHA-256 of each rollout that is stored, by sequence. */
async function digestsIn(
  rollouts: Pick<RolloutStore, "read">,
  from: number,
  through: number,
): Promise<Map<number, string>> {
  const digests = new Map<number, string>();
  if (from > through) return digests;
  for await (const { sequence, data } of rollouts.read(from, through)) {
    digests.set(sequence, createHash("sha256").update(data).digest("hex"));
  }
  return digests;
}

/** Every accepted rollout that is not archived is in ROLLOUTS, as the ledger knows it. */
function compareStored(
  { rollouts, state }: LedgerFacts,
  stored: ReadonlyMap<number, string>,
  through: number,
): string[] {
  const sentences: string[] = [];
  for (const [sequence, { task, sample, sha256 }] of rollouts) {
    if (sha256 === null || sequence <= state.archivedThrough || sequence > through) continue;
    const found = stored.get(sequence);
    const name = `rollout ${sequence} (${nameOf(task, sample)})`;
    if (found === undefined) sentences.push(`${name} is neither in the archive nor in ROLLOUTS`);
    else if (found !== sha256)
      sentences.push(`${name} has the SHA-256 ${found} in ROLLOUTS and ${sha256} in the ledger`);
  }
  return sentences;
}
