import koffi from "koffi";
import type { BatchStruct } from "../native/llama-structs.ts";

/** Rows for one `llama_decode`: tokens at positions of sequences. Memory is kept and filled again. */
export interface RowBatch {
  readonly rows: number;
  /** Rows whose logits are wanted. */
  readonly outputs: number;
  clear(): void;
  /** Returns the row's index. */
  add(token: number, position: number, sequence: number, wantsLogits: boolean): number;
  /** Sequences of which there is one row, and none of the sequences before and after. */
  lonely(): number[];
  /** Asks for the logits of one more row, whichever. */
  wantAnother(): void;
  /** As llama.cpp takes it; valid until the next change. */
  struct(): BatchStruct;
}

/** Creates a batch for at most `most` rows. */
export function createRowBatch(most: number): RowBatch {
  const token = new Int32Array(most);
  const pos = new Int32Array(most);
  const sequences = new Int32Array(most);
  const logits = new Int8Array(most);
  const n_seq_id = new Int32Array(most).fill(1);
  const address = koffi.address(sequences);
  const seq_id = BigUint64Array.from(
    { length: most },
    (_, row) => address + BigInt(row * sequences.BYTES_PER_ELEMENT),
  );
  let rows = 0;
  let outputs = 0;
  return {
    get rows() {
      return rows;
    },
    get outputs() {
      return outputs;
    },
    clear() {
      rows = 0;
      outputs = 0;
    },
    add(tokenId, position, sequence, wantsLogits) {
      token[rows] = tokenId;
      pos[rows] = position;
      sequences[rows] = sequence;
      logits[rows] = wantsLogits ? 1 : 0;
      if (wantsLogits) outputs++;
      return rows++;
    },
    lonely() {
      const counts = new Map<number, number>();
      for (const sequence of sequences.subarray(0, rows))
        counts.set(sequence, (counts.get(sequence) ?? 0) + 1);
      return [...counts]
        .filter(([of, count]) => count === 1 && !counts.has(of - 1) && !counts.has(of + 1))
        .map(([of]) => of);
    },
    wantAnother() {
      const row = logits.indexOf(0);
      if (row < 0 || row >= rows) return;
      logits[row] = 1;
      outputs++;
    },
    struct: () => ({ n_tokens: rows, token, embd: null, pos, n_seq_id, seq_id, logits }),
  };
}
