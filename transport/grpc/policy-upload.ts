import { createHash } from "node:crypto";
import { FleetError } from "../../core/index.ts";
import type { PolicyChunk, PolicyChunkInit, PolicyHeader, PolicyHeaderInit } from "../../proto/index.ts";

const CHUNK_BYTES = 1024 * 1024;
/** Rank 256 on an 8B's seven projections, in F32, is 2.7 GB. */
const MAX_ADAPTER_BYTES = 3 * 1024 ** 3;

/** The adapter that arrived is not the one its header names. */
class BrokenUploadError extends FleetError {
  readonly code = "transport.broken_upload";
  readonly disposition = "retry";
}

/** The messages that carry an adapter: its header, then its bytes in chunks. */
export function* policyChunks(header: PolicyHeaderInit, adapter: Uint8Array): Generator<PolicyChunkInit> {
  yield { header: { ...header, size: adapter.byteLength } };
  for (let from = 0; from < adapter.byteLength; from += CHUNK_BYTES) {
    yield { data: adapter.subarray(from, from + CHUNK_BYTES) };
  }
}

/** An adapter that is arriving. */
export interface PolicyUpload {
  readonly header: PolicyHeader;
  /**
   * The adapter's bytes in order, as they arrive. Whoever takes them is to compare their SHA-256.
   *
   * @throws {BrokenUploadError} when they are not as many as the header says
   */
  readonly adapter: AsyncGenerator<Uint8Array, void>;
}

/**
 * Waits for the header of an adapter.
 *
 * @throws {BrokenUploadError} when there is none, or its size is above what is taken
 */
export async function openUpload(chunks: AsyncIterable<PolicyChunk>): Promise<PolicyUpload> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first = await iterator.next();
  const header = first.done ? null : first.value.header;
  if (!header) throw new BrokenUploadError("a policy starts with its header");
  const { size } = header;
  if (size > MAX_ADAPTER_BYTES) {
    throw new BrokenUploadError(`an adapter of ${size} bytes is above the limit of ${MAX_ADAPTER_BYTES}`);
  }

  async function* adapter(): AsyncGenerator<Uint8Array, void> {
    let arrived = 0;
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
      const data = next.value.data ?? new Uint8Array();
      arrived += data.byteLength;
      if (arrived > size) {
        throw new BrokenUploadError(`more than the ${size} bytes of adapter that the header names`);
      }
      yield data;
    }
    if (arrived < size) throw new BrokenUploadError(`the adapter ended after ${arrived} of ${size} bytes`);
  }

  return { header, adapter: adapter() };
}

/**
 * Puts an adapter together again.
 *
 * @throws {BrokenUploadError} when header, size or SHA-256 do not fit what arrived
 */
export async function readPolicy(chunks: AsyncIterable<PolicyChunk>): Promise<Uint8Array> {
  const { header, adapter: arriving } = await openUpload(chunks);
  const adapter = new Uint8Array(header.size);
  const hash = createHash("sha256");
  let filled = 0;
  for await (const data of arriving) {
    hash.update(data);
    adapter.set(data, filled);
    filled += data.byteLength;
  }
  const digest = hash.digest("hex");
  if (digest !== header.adapter) {
    throw new BrokenUploadError(`the adapter's SHA-256 is ${digest}, its header says ${header.adapter}`);
  }
  return adapter;
}
