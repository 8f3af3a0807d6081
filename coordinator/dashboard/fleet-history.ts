import type { FleetView, SlotSample, Stay } from "../../dashboard/index.ts";
import type { WorkerPresence } from "../../transport/index.ts";

/** Stays that are kept, the newest, and how many samples of a worker's slots. */
const MOST_STAYS = 400;
const MOST_SAMPLES = 180;
/** Between two samples of slots, in milliseconds. */
const SAMPLE_MS = 5_000;

/** Who was there when, since this process looks. */
export interface FleetHistory {
  /** Takes in who is there at a moment, in milliseconds since the epoch. */
  see(workers: readonly WorkerPresence[], atMs: number): void;
  view(nowMs: number): FleetView;
}

/** Creates an empty history that begins at `sinceMs`. */
export function createFleetHistory(sinceMs: number): FleetHistory {
  const here = new Map<string, { readonly from: number; isDraining: boolean }>();
  const past: Stay[] = [];
  const slots = new Map<string, SlotSample[]>();

  function part(worker: string, from: number, to: number, wasDraining: boolean): void {
    here.delete(worker);
    past.push({ worker, from, to, end: wasDraining ? "drained" : "lost" });
    if (past.length > MOST_STAYS) past.shift();
    const known = new Set([...past.map((stay) => stay.worker), ...here.keys()]);
    for (const name of slots.keys()) if (!known.has(name)) slots.delete(name);
  }

  function sample({ name, busySlots }: WorkerPresence, at: number): void {
    const samples = slots.get(name) ?? [];
    slots.set(name, samples);
    if (at - (samples.at(-1)?.at ?? 0) < SAMPLE_MS) return;
    samples.push({ at, busy: busySlots });
    if (samples.length > MOST_SAMPLES) samples.shift();
  }

  return {
    see: (workers, atMs) => {
      const names = new Set(workers.map(({ name }) => name));
      const gone = [...here].filter(([worker]) => !names.has(worker));
      for (const [worker, { from, isDraining }] of gone) part(worker, from, atMs, isDraining);
      for (const worker of workers) {
        const stay = here.get(worker.name);
        // Who was going and is there again was started anew under its name.
        if (stay?.isDraining && !worker.draining) part(worker.name, stay.from, atMs, true);
        const { from } = here.get(worker.name) ?? { from: atMs };
        here.set(worker.name, { from, isDraining: worker.draining });
        sample(worker, atMs);
      }
    },
    view: (nowMs) => ({
      now: nowMs,
      since: sinceMs,
      stays: [...past, ...[...here].map(([worker, { from }]) => ({ worker, from, to: null, end: null }))],
      slots: Object.fromEntries(slots),
    }),
  };
}
