import type { RewardComponent } from "../../proto/index.ts";
import type { Explanation } from "../../rewards/index.ts";
import { decimal } from "./numbers.ts";
import { table } from "./table.ts";
import { visible } from "./visible.ts";

/** What a reward is the sum of, and what each component says of itself. */
export function componentTable(
  components: readonly RewardComponent[],
  notes: Explanation["notes"] = [],
): string {
  const says = new Map(notes.map(({ name, text }) => [name, text]));
  return table(
    ["value", "weight", "component", "says"],
    components.map(({ name, value, weight }) => [
      decimal(value, 4),
      decimal(weight, 4),
      visible(name),
      visible(says.get(name) ?? ""),
    ]),
  );
}
