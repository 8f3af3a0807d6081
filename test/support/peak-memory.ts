import { readFile } from "node:fs/promises";

/** Runs something that starts one process beside those that are there. @returns the most bytes that process held, while it is there */
export async function peakOfChild(work: () => Promise<AsyncDisposable>): Promise<number> {
  const before = new Set(await childrenOfThis());
  await using _ = await work();
  const children = (await childrenOfThis()).filter((pid) => !before.has(pid));
  const peaks = await Promise.all(children.map((pid) => statusBytes(pid, "VmHWM")));
  const held = peaks.filter((bytes) => !Number.isNaN(bytes)); // One that has just ended holds nothing any more.
  if (held.length === 0) throw new Error("no process was started");
  return Math.max(...held);
}

/** The process that this one started last. */
export async function newestChild(): Promise<number> {
  return Number((await childrenOfThis()).at(-1));
}

/** What a process holds, or the most that it held. */
export async function statusBytes(pid: string, field: "VmRSS" | "VmHWM"): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return 1_024 * Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]);
}

/** Ids of the processes that this one started and that are there. */
export async function childrenOfThis(): Promise<string[]> {
  return (await readFile(`/proc/self/task/${process.pid}/children`, "utf8")).trim().split(" ");
}
