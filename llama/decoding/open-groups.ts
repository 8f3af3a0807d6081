import type { EngineCompletion, GroupSink, SampleFailure } from "./generation.ts";

/** The parent's view of the groups in generation: who hears of which sample, and when a group is done. */
export interface OpenGroups {
  /** Returns the group's number and its end. */
  add(samples: readonly number[], sink: GroupSink): { group: number; done: Promise<void> };
  finished(group: number, completion: EngineCompletion): void;
  failed(group: number, sample: number, failure: SampleFailure): void;
  /** Ends a sample, or all of a group, without a word to the sink. */
  forget(group: number, sample?: number): void;
  /** Fails whatever is open. */
  failAll(failure: SampleFailure): void;
}

interface OpenGroup {
  readonly sink: GroupSink;
  readonly samples: Set<number>;
  readonly done: PromiseWithResolvers<void>;
}

/** Creates an empty set of groups. */
export function createOpenGroups(): OpenGroups {
  const groups = new Map<number, OpenGroup>();
  let lastGroup = 0;

  const settle = (id: number, group: OpenGroup) => {
    if (group.samples.size > 0) return;
    groups.delete(id);
    group.done.resolve();
  };
  /** Ends a sample once; what arrives for one that has ended is late. */
  const end = (id: number, sample: number, tell: (sink: GroupSink) => void) => {
    const group = groups.get(id);
    if (!group?.samples.delete(sample)) return;
    tell(group.sink);
    settle(id, group);
  };
  return {
    add(samples, sink) {
      const group = { sink, samples: new Set(samples), done: Promise.withResolvers<void>() };
      groups.set(++lastGroup, group);
      settle(lastGroup, group);
      return { group: lastGroup, done: group.done.promise };
    },
    finished: (group, completion) => end(group, completion.sample, (sink) => sink.finished(completion)),
    failed: (group, sample, failure) => end(group, sample, (sink) => sink.failed(sample, failure)),
    forget(id, sample) {
      const ended = sample === undefined ? [...(groups.get(id)?.samples ?? [])] : [sample];
      for (const each of ended) end(id, each, () => {});
    },
    failAll(failure) {
      for (const [id, group] of groups)
        for (const sample of [...group.samples]) end(id, sample, (sink) => sink.failed(sample, failure));
    },
  };
}
