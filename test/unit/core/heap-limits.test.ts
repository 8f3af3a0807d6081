import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

/** Passes a GiB of buffers on beside a heap of some size, and prints how often V8 marked all of it. */
const PROGRAM = `
  import { PerformanceObserver, constants } from "node:perf_hooks";
  import { countBuffersWithHeap } from ${JSON.stringify(new URL("../../../core/index.ts", import.meta.url).href)};
  if (process.argv[1] === "counted") countBuffersWithHeap();
  let marked = 0;
  new PerformanceObserver((list) => {
    marked += list.getEntries().filter(({ detail }) => detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR).length;
  }).observe({ entryTypes: ["gc"] });
  const heap = Array.from({ length: 100_000 }, (_, index) => ({ index, text: "x" + index }));
  const passing = [];
  for (let chunk = 0; chunk < 1_000; chunk++) {
    passing.push(Buffer.allocUnsafeSlow(2 ** 20));
    if (passing.length > 16) passing.shift();
    await new Promise((done) => setImmediate(done));
  }
  await new Promise((done) => setTimeout(done, 50));
  console.log(marked + heap.length * 0);
`;

describe("buffers that are counted with the heap", () => {
  it.runIf(process.versions.v8.startsWith("13."))(
    "let V8 mark the heap less often than those that are not",
    async () => {
      expect(await timesMarked("counted")).toBeLessThan((await timesMarked("apart")) / 2);
    },
  );
});

async function timesMarked(how: string): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--input-type=module",
    "--eval",
    PROGRAM,
    how,
  ]);
  return Number(stdout);
}
