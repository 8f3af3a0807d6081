/**
 * Which pools carry a change: the cheapest tokens come first and go last.
 *
 * @module
 */
import type { PoolNow } from "./decide-replicas.ts";

/** A pool, and what can be counted on of it. */
export interface SizedPool extends PoolNow {
  /** Asked for and on their way. */
  readonly starting: number;
  readonly startsInSeconds: number;
  /** Short of its replicas for longer than a start-up takes. */
  readonly isShort: boolean;
  readonly isTooSlow: boolean;
  /** Workers that may be added. */
  readonly room: number;
  /** Tokens/s of a worker; 0 while unknown. */
  readonly rate: number;
}

/** Replicas by pool. */
type Replicas = Map<string, number>;

/** The replicas as they are. */
export function keepWorkers(pools: readonly SizedPool[]): Replicas {
  return new Map(pools.map(({ name, replicas }) => [name, replicas]));
}

/** The fewest that the pools may have. */
export function leastWorkers(pools: readonly SizedPool[]): Replicas {
  return new Map(pools.map(({ name, min }) => [name, min]));
}

/** Adds workers for `missing` tokens/s. A pool of unknown speed gets the one worker by which it is measured. */
export function addWorkers(pools: readonly SizedPool[], missing: number): Replicas {
  const replicas = keepWorkers(pools);
  const supply = pools.reduce((sum, { rate, replicas: at }) => sum + rate * at, 0);
  let left = missing;
  for (const { name, rate, room, replicas: before } of byPrice(pools)) {
    if (left <= 0) break;
    const least = rate === 0 || supply === 0 ? 1 : 0;
    const wanted = rate === 0 ? least : Math.max(least, Math.ceil(left / rate - NEGLIGIBLE));
    const added = Math.min(room, wanted);
    replicas.set(name, before + added);
    left -= added * rate;
    if (rate > 0 && added < room) break;
  }
  return replicas;
}

/** Of a worker's rate: for less than this none is added, since measured rates are no better. */
const NEGLIGIBLE = 0.5;

/** Takes away the dearest workers whose `surplus` tokens/s are not needed; never more than the surplus. */
export function removeWorkers(pools: readonly SizedPool[], surplus: number): Replicas {
  const replicas = keepWorkers(pools);
  let left = Math.max(0, surplus);
  for (const { name, min, rate } of byPrice(pools).reverse()) {
    const at = replicas.get(name) ?? 0;
    const removed = rate === 0 ? 0 : Math.min(at - min, Math.floor(left / rate + ROUNDING));
    replicas.set(name, at - removed);
    left -= removed * rate;
  }
  return replicas;
}

const ROUNDING = 1e-9;

/** The cheapest tokens first; those of unknown price before all, since one worker of them is only measured. */
function byPrice(pools: readonly SizedPool[]): SizedPool[] {
  const price = ({ cost, rate }: SizedPool) => (rate === 0 ? 0 : cost / rate);
  return [...pools].sort((a, b) => price(a) - price(b));
}
