import type { AcceptedRollout, EventOf, LedgerEvent } from "../ledger/events.ts";
import type { RunSettings } from "../ledger/run-settings.ts";

/** Looks at the ledger's events as somebody who does not know the fold, and keeps every breach in words. */
export interface Audit {
  see(event: LedgerEvent): void;
  readonly breaches: readonly string[];
  /** Samples that were trained. */
  readonly trained: ReadonlySet<string>;
  /** Adapter of each version. */
  readonly policies: ReadonlyMap<number, string>;
  /** Batches that were composed. */
  readonly batches: number;
}

/** What the audit remembers of a task. */
interface AuditedTask {
  readonly group: number;
  /** Accepted and not skipped, by index. */
  readonly usable: Map<number, AcceptedRollout>;
}

type Looks = { readonly [Type in LedgerEvent["type"]]?: (event: EventOf<Type>) => void };

/** Creates an audit that has seen nothing. */
export function createAudit(): Audit {
  const breaches: string[] = [];
  const tasks = new Map<string, AuditedTask>();
  const sequences = new Map<number, string>();
  const accepted = new Set<string>();
  const trained = new Set<string>();
  const policies = new Map([[0, ""]]);
  const open = new Map<number, EventOf<"batched">["groups"]>();
  let settings: RunSettings | null = null;
  let newest = 0;
  let batches = 0;

  const breach = (holds: boolean, sentence: string) => void (holds || breaches.push(sentence));

  function useSettings(event: EventOf<"run_started"> | EventOf<"configured">): void {
    settings = event.settings;
  }

  function accept({ task, sample, rollout }: EventOf<"accepted">): void {
    const name = nameOf(task, sample);
    const other = sequences.get(rollout.sequence);
    breach(!accepted.has(name), `${name} is accepted a second time`);
    breach(other === undefined, `rollout ${rollout.sequence} is accepted for ${other} and for ${name}`);
    accepted.add(name);
    sequences.set(rollout.sequence, name);
    tasks.get(task)?.usable.set(sample, rollout);
  }

  function compose({ step, groups }: EventOf<"batched">): void {
    batches += 1;
    open.set(step, groups);
    for (const { task, samples } of groups) {
      const { group = 0, usable = new Map<number, AcceptedRollout>() } = tasks.get(task) ?? {};
      const left = [...usable.keys()].filter((sample) => !samples.includes(sample));
      breach(left.length === 0, `batch ${step} leaves out ${nameOf(task, left[0] ?? 0)}`);
      breach(
        samples.length * 2 >= group && samples.length > 1,
        `batch ${step} trains ${samples.length} of ${group} samples of task ${task}`,
      );
      for (const sample of samples) seeMember(step, task, sample, usable.get(sample));
    }
  }

  function seeMember(step: number, task: string, sample: number, rollout: AcceptedRollout | undefined): void {
    const name = nameOf(task, sample);
    if (rollout === undefined) {
      breaches.push(`batch ${step} holds ${name}, which is not accepted or was skipped`);
      return;
    }
    const staleness = step - 1 - rollout.oldest;
    const bound = settings?.staleness ?? 0;
    breach(staleness <= bound, `batch ${step} holds ${name}, ${staleness} versions old where ${bound} train`);
  }

  function train({ step, adapter }: EventOf<"trained">): void {
    const groups = open.get(step);
    breach(groups !== undefined, `step ${step} is trained without a batch`);
    for (const { task, samples } of groups ?? []) {
      for (const name of samples.map((sample) => nameOf(task, sample))) {
        breach(!trained.has(name), `${name} is trained a second time, in step ${step}`);
        trained.add(name);
      }
      tasks.delete(task);
    }
    open.delete(step);
    namePolicy(step, adapter);
  }

  function namePolicy(version: number, adapter: string): void {
    const known = policies.get(version);
    breach(known === undefined || known === adapter, `policy ${version} names ${known} and ${adapter}`);
    breach(version === newest + 1, `policy ${version} follows policy ${newest}`);
    policies.set(version, adapter);
    newest = version;
  }

  const looks: Looks = {
    run_started: useSettings,
    configured: useSettings,
    issued: ({ task, samples }) => void tasks.set(task, { group: samples, usable: new Map() }),
    accepted: accept,
    batched: compose,
    trained: train,
    step_skipped: ({ step }) => {
      open.delete(step);
      namePolicy(step, policies.get(step - 1) ?? "");
    },
    rewound: ({ version, source }) => {
      open.clear();
      namePolicy(version, policies.get(source) ?? "");
    },
    skipped: ({ task, samples }) => {
      for (const sample of samples) tasks.get(task)?.usable.delete(sample);
    },
  };

  return {
    see: (event) => {
      // The table's type pairs every event with its own function; the compiler does not follow the pairing here.
      const look = looks[event.type] as ((event: LedgerEvent) => void) | undefined;
      look?.(event);
    },
    breaches,
    trained,
    policies,
    get batches() {
      return batches;
    },
  };
}

/** A sample as sentences name it. */
export function nameOf(task: string, sample: number): string {
  return `sample ${sample} of task ${task}`;
}
