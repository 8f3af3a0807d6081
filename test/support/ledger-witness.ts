import { balancesOf, type LedgerEvent, type LedgerState } from "../../coordinator/index.ts";
import type { EventOf } from "../../coordinator/ledger/events.ts";

/** Watches a history, and keeps every breach of what must always hold, in words. */
export interface LedgerWitness {
  see(event: LedgerEvent, state: LedgerState): void;
  readonly breaches: readonly string[];
  /** Steps that are over, in the order in which they were. */
  readonly stepsOver: readonly number[];
  /** Kinds of events that were seen; with their reason where they have one. */
  readonly kinds: ReadonlySet<string>;
}

export function createWitness(): LedgerWitness {
  const breaches: string[] = [];
  const stepsOver: number[] = [];
  const kinds = new Set<string>();
  const accepted = new Set<string>();
  const batched = new Set<string>();

  function once(seen: Set<string>, what: string, name: string): void {
    if (seen.has(name)) breaches.push(`${name} is ${what} a second time`);
    seen.add(name);
  }

  function check(holds: boolean, breach: string): void {
    if (!holds) breaches.push(breach);
  }

  function seeBatch({ step, groups }: EventOf<"batched">, state: LedgerState): void {
    const { group, prompts, staleness } = state.settings;
    check(groups.length === prompts, `batch ${step} has ${groups.length} groups`);
    for (const { task, samples } of groups) {
      const rollouts = samples.flatMap((sample) => state.tasks.get(task)?.samples[sample]?.rollout ?? []);
      const rewards = rollouts.map(({ reward }) => reward);
      const oldest = Math.min(...rollouts.map((rollout) => rollout.oldest));
      check(rollouts.length * 2 >= group, `group ${task} is batched with ${rollouts.length} samples`);
      check(Math.max(...rewards) - Math.min(...rewards) >= 1e-3, `group ${task} has no signal`);
      check(step - 1 - oldest <= staleness, `group ${task} of policy ${oldest} is too old for batch ${step}`);
      for (const sample of samples) once(batched, "batched", `${task}/${sample}`);
    }
  }

  function seeBooks(state: LedgerState): void {
    const { prompts, staleness } = state.settings;
    const waiting = [...state.tasks.values()].filter((task) => task.lane === "train" && task.batch === null);
    check(waiting.length <= prompts * (staleness + 1), `${waiting.length} groups wait for a batch`);
    breaches.push(...imbalances(state));
  }

  return {
    breaches,
    stepsOver,
    kinds,
    see: (event, state) => {
      kinds.add(
        "reason" in event && event.type !== "released" ? `${event.type} ${event.reason}` : event.type,
      );
      seeBooks(state);
      if (event.type === "accepted") once(accepted, "accepted", `${event.task}/${event.sample}`);
      if (event.type === "trained" || event.type === "step_skipped") stepsOver.push(event.step);
      if (event.type === "rewound") {
        stepsOver.push(event.version);
        const [now, then] = [state.policies[event.version], state.policies[event.source]];
        check(now?.adapter === then?.adapter, `policy ${event.version} is not policy ${event.source} again`);
      }
      if (event.type === "batched") seeBatch(event, state);
    },
  };
}

/** Which equations of the ledger do not hold, by lane. */
function imbalances(state: LedgerState): string[] {
  return balancesOf(state, { duplicates: { train: 0, eval: 0 } }).flatMap((books) => {
    const { issued, accepted, rejected, expired, outstanding, trained, skipped, evaluated, waiting } = books;
    const isIssuedRight = issued === accepted + rejected + expired + outstanding;
    const isAcceptedRight = accepted === trained + skipped + evaluated + waiting;
    return isIssuedRight && isAcceptedRight ? [] : [`the books do not balance: ${JSON.stringify(books)}`];
  });
}
