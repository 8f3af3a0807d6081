/**
 * The groups that an engine has been given and not finished, in order. Decides which prompt is evaluated and which
 * sample starts next; a lane does it.
 *
 * First come first served: a later group starts only in slots that the earlier ones leave.
 *
 * @module
 */
import type { Lane, PromptCells } from "./lane.ts";
import type { SampleRun } from "./sample-run.ts";

interface QueuedGroup {
  readonly id: number;
  readonly prompt: Int32Array;
  /** All samples that have not ended, in the order in which they start. */
  readonly open: SampleRun[];
  /** Those of `open` that have no slot. */
  readonly waiting: Set<SampleRun>;
  /** Evaluated or about to be, while any sample waits for it. */
  pinned: PromptCells | null;
}

/** The queue. */
export interface GroupQueue {
  readonly waitingSamples: number;
  add(id: number, prompt: Int32Array, runs: readonly SampleRun[]): void;
  /** The samples of a group that have not ended. */
  openRuns(id: number): readonly SampleRun[];
  /** Puts a run that was taken out of its lane back to its place in the order. */
  requeue(run: SampleRun): void;
  /** Forgets a run that has ended. */
  remove(run: SampleRun, lane: Lane): void;
  /** Releases every pinned prompt, to be evaluated again. */
  releasePrompts(lane: Lane): void;
  /** Starts what can start in `freeSlots` slots. */
  admit(lane: Lane, freeSlots: number): void;
}

/** Creates an empty queue. */
export function createGroupQueue(): GroupQueue {
  const groups = new Map<number, QueuedGroup>();
  const release = (group: QueuedGroup, lane: Lane) => {
    if (group.pinned !== null) lane.releasePrompt(group.pinned);
    group.pinned = null;
  };
  return {
    get waitingSamples() {
      return groups.values().reduce((sum, group) => sum + group.waiting.size, 0);
    },
    add(id, prompt, runs) {
      if (runs.length > 0)
        groups.set(id, { id, prompt, open: [...runs], waiting: new Set(runs), pinned: null });
    },
    openRuns: (id) => groups.get(id)?.open ?? [],
    requeue: (run) => void groups.get(run.group)?.waiting.add(run),
    remove(run, lane) {
      const group = groups.get(run.group);
      if (group === undefined) return;
      group.open.splice(group.open.indexOf(run), 1);
      group.waiting.delete(run);
      if (group.waiting.size === 0) release(group, lane);
      if (group.open.length === 0) groups.delete(group.id);
    },
    releasePrompts(lane) {
      for (const group of groups.values()) release(group, lane);
    },
    admit(lane, freeSlots) {
      let free = freeSlots;
      for (const group of groups.values()) {
        if (free <= 0) return;
        const starting = Math.min(free, group.waiting.size);
        free -= starting;
        if (starting > 0) advance(group, starting, lane);
        if (group.waiting.size === 0) release(group, lane);
      }
    },
  };
}

/** Starts `count` of a group's samples, or what they need first: the evaluation of the prompt. */
function advance(group: QueuedGroup, count: number, lane: Lane): void {
  group.pinned ??= lane.pinPrompt(group.prompt);
  if (group.pinned.logits === null) return;
  const starting = group.open.filter((run) => group.waiting.has(run)).slice(0, count);
  for (const run of starting) {
    group.waiting.delete(run);
    lane.start(run, group.pinned);
  }
}
