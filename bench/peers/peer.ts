import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A program over another project's library that is measured beside ours. Disposing ends it. */
export interface Peer extends Disposable {
  /** Its next answer: the first says that it is warm, each later one follows from a call of `next`. */
  next(): Promise<unknown>;
}

/**
 * Starts a program of this folder with the Python that `PEERS_PYTHON` names.
 *
 * torch asks for its large arrays anew in every step: without these settings glibc gives the memory back each time, and a
 * step takes three times as long.
 */
export function startPeer(program: string, start: unknown): Peer {
  const python = process.env["PEERS_PYTHON"];
  if (python === undefined)
    throw new Error('PEERS_PYTHON is not set: "make bench-peers" installs what this row needs, and sets it');
  const path = fileURLToPath(new URL(program, import.meta.url));
  const child = spawn(python, [path, JSON.stringify(start)], {
    stdio: ["pipe", "pipe", "inherit"],
    env: {
      ...process.env,
      MALLOC_MMAP_MAX_: "0",
      MALLOC_TRIM_THRESHOLD_: "8000000000",
      MALLOC_TOP_PAD_: "300000000",
      HF_HUB_OFFLINE: "1",
    },
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  let isWarm = false;
  return {
    next: async () => {
      if (isWarm) child.stdin.write("next\n");
      isWarm = true;
      const line = await lines.next();
      if (line.done) throw new Error(`${program} ended without an answer`);
      return JSON.parse(line.value);
    },
    [Symbol.dispose]: () => void child.kill(),
  };
}
