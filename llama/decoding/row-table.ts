/**
 * Rows of logits that threads choose tokens from side by side: what is asked and what is answered, in memory that they
 * share. Whoever is free takes the next row; which thread takes it changes nothing about its choice.
 *
 * @module
 */
import type { Choice, ChoiceSettings } from "./sampler.ts";

/** A row to choose from. */
export interface RowChoice {
  /** Where its logits are, [vocabulary] of float32 in this process's memory. */
  readonly address: bigint;
  readonly settings: ChoiceSettings;
  /** See `Sampler.choose`. */
  readonly uniform: number;
}

/** A table in shared memory. */
export interface RowTable {
  readonly memory: SharedArrayBuffer;
  /** Offers rows; those who sleep in {@link sleep} wake up. */
  offer(rows: readonly RowChoice[]): void;
  /** Chooses from rows until none is left to be taken. */
  work(choose: (address: bigint, settings: ChoiceSettings, uniform: number) => Choice | null): void;
  /** Waits until each row offered is answered; false when that takes longer than `deadlineMs`. */
  finish(deadlineMs: number): boolean;
  /** What was chosen from row `index`; null where a logit is not finite. */
  answer(index: number): Choice | null;
  /** Sleeps until rows are offered after the `seen`th offer; returns which offer is the newest. */
  sleep(seen: number): number;
}

/** Control words: offers so far, rows left to take, rows offered, rows answered. */
const OFFERS = 0;
const LEFT = 1;
const OFFERED = 2;
const ANSWERED = 3;
const CONTROL_BYTES = 16;
/** Float64 a row: temperature, topK, topP, minP, uniform; token, logp, logq, entropy, whether there is a choice. */
const COLUMNS = 10;
const ANSWER = 5;

/** Makes a table for at most `most` rows. */
export function createRowTable(most: number): RowTable {
  const rowBytes = BigInt64Array.BYTES_PER_ELEMENT + COLUMNS * Float64Array.BYTES_PER_ELEMENT;
  return openRowTable(new SharedArrayBuffer(CONTROL_BYTES + most * rowBytes), most);
}

/** Opens a table that another thread made. */
export function openRowTable(memory: SharedArrayBuffer, most: number): RowTable {
  const control = new Int32Array(memory, 0, CONTROL_BYTES / Int32Array.BYTES_PER_ELEMENT);
  const addresses = new BigUint64Array(memory, CONTROL_BYTES, most);
  const values = new Float64Array(memory, CONTROL_BYTES + addresses.byteLength, most * COLUMNS);
  const at = (index: number, column: number) => values[index * COLUMNS + column] as number;
  return {
    memory,
    offer(rows) {
      for (const [index, { address, settings, uniform }] of rows.entries()) {
        const { temperature, topK, topP, minP } = settings;
        addresses[index] = address;
        values.set([temperature, topK, topP, minP, uniform], index * COLUMNS);
      }
      Atomics.store(control, OFFERED, rows.length);
      Atomics.store(control, ANSWERED, 0);
      Atomics.store(control, LEFT, rows.length); // From here on rows are taken, also by one who is late from an earlier offer.
      Atomics.add(control, OFFERS, 1);
      Atomics.notify(control, OFFERS);
    },
    work(choose) {
      for (;;) {
        const index = Atomics.sub(control, LEFT, 1) - 1;
        if (index < 0) return;
        const [temperature, topK, topP, minP] = [at(index, 0), at(index, 1), at(index, 2), at(index, 3)];
        const settings = { temperature, topK, topP, minP };
        const choice = choose(addresses[index] as bigint, settings, at(index, 4));
        values.set(cellsOf(choice), index * COLUMNS + ANSWER);
        Atomics.add(control, ANSWERED, 1);
        Atomics.notify(control, ANSWERED);
      }
    },
    finish(deadlineMs) {
      const offered = Atomics.load(control, OFFERED);
      for (;;) {
        const answered = Atomics.load(control, ANSWERED);
        if (answered === offered) return true;
        if (Atomics.wait(control, ANSWERED, answered, deadlineMs) === "timed-out") return false;
      }
    },
    answer(index) {
      const first = ANSWER;
      if (at(index, first + 4) === 0) return null;
      return {
        token: at(index, first),
        logp: at(index, first + 1),
        logq: at(index, first + 2),
        entropy: at(index, first + 3),
      };
    },
    sleep(seen) {
      Atomics.wait(control, OFFERS, seen);
      return Atomics.load(control, OFFERS);
    },
  };
}

function cellsOf(choice: Choice | null): number[] {
  return choice === null ? [0, 0, 0, 0, 0] : [choice.token, choice.logp, choice.logq, choice.entropy, 1];
}
