/**
 * The decoding engine against node-llama-cpp's own API, which is asked for the chosen token's probability.
 *
 * @module
 */

import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { medianRatio } from "../../core/index.ts";
import { DecodingConfig, generateAtOnce, openEngine } from "../../llama/index.ts";
import { largeModel } from "../cached-model.ts";
import type { Bench } from "../row.ts";

const PEER = fileURLToPath(new URL("../node-llama-cpp-process.ts", import.meta.url));
const PROMPT = Int32Array.from({ length: 64 }, (_, index) => 1 + ((index * 7) % 250));
const SEQUENCES = 8;
const TOKENS = 24;
const PAIRS = 5;
const OPEN_MS = 120_000;
const RUN_MS = 120_000;

/** Row `node-llama-cpp`. */
export const nodeLlamaCppBench: Bench = {
  name: "node-llama-cpp",
  async measure() {
    const gguf = await largeModel();
    const sizes = [SEQUENCES, 1, PROMPT.length, TOKENS].map(String);
    const peer = fork(PEER, [gguf, ...sizes], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    try {
      await once(peer, "message", { signal: AbortSignal.timeout(OPEN_MS) });
      await using engine = await openEngine({
        gguf,
        device: "cpu",
        slots: SEQUENCES,
        contextTokens: PROMPT.length + TOKENS + 1,
        threads: 1,
        template: "raw",
        exact: false,
        decoding: DecodingConfig.parse({ repacked: true }), // As node-llama-cpp loads it.
      });
      const theirs = async () => {
        const answered = once(peer, "message", { signal: AbortSignal.timeout(RUN_MS) });
        peer.send("run");
        const [ms] = await answered;
        return ms as number;
      };
      let turn = 0;
      const ours = async () => (await generateAtOnce(engine, PROMPT, SEQUENCES, TOKENS, turn++)).decodeMs;
      return [
        {
          id: "node-llama-cpp",
          what: `sampled tokens/s with each token's probability against node-llama-cpp's own API, ${SEQUENCES} sequences, one thread, 128,256 tokens`,
          value: await medianRatio({ ours, theirs }, PAIRS),
          unit: "×",
          atLeast: 3,
        },
      ];
    } finally {
      peer.kill("SIGKILL");
    }
  },
};
