import type { SetAside, Wait } from "../../proto/index.ts";
import { duration } from "./duration.ts";
import { table } from "./table.ts";

/** What is waited for, on whom, for how long and how long at most; "" when nothing is. */
export function waitsTable(waits: readonly Wait[]): string {
  if (waits.length === 0) return "";
  const rows = waits.map(({ what, on, seconds, deadlineSeconds }) => [
    what,
    on,
    duration(seconds),
    deadlineSeconds === 0 ? "" : duration(deadlineSeconds),
  ]);
  return table(["waits for", "on", "for", "at most"], rows);
}

/** The instances that are not asked again, and why; "" when there is none. */
export function setAsideTable(instances: readonly SetAside[]): string {
  if (instances.length === 0) return "";
  return table(
    ["set aside", "why"],
    instances.map(({ instance, reason }) => [instance, reason]),
  );
}
