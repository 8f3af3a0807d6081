import type { PoolScaling } from "../../proto/index.ts";
import { table } from "./table.ts";

/** The pools that are scaled: what they have and are to have, and what keeps them from it; "" when there is none. */
export function poolsTable(pools: readonly PoolScaling[]): string {
  if (pools.length === 0) return "";
  const rows = pools.map(({ name, present, replicas, min, max, tokensPerSecond, trouble }) => [
    name,
    present,
    replicas,
    `${min} to ${max}`,
    tokensPerSecond === 0 ? "" : Math.round(tokensPerSecond),
    trouble,
  ]);
  return table(["pool", "there", "wanted", "limits", "tok/s each", "trouble"], rows);
}
