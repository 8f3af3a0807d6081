/** Who tells: one scope for all of the fleet. */
export const SCOPE = { name: "rollout-fleet" } as const;
