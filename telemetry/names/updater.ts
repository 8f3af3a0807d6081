import { counter } from "./metric.ts";

/** Metrics of the updater. */
export const UPDATER_METRICS = {
  "fleet.updater.seconds": counter(
    "s",
    ["phase"],
    "Time of the updater by phase: wait (for a batch), train, save, publish.",
  ),
  "fleet.updater.steps": counter("{step}", ["outcome"], "Steps made: trained or skipped."),
  "fleet.updater.tokens": counter("{token}", [], "Tokens that went through the gradient, prompts included."),
  "fleet.updater.engine.deaths": counter("{death}", [], "Engines that died and were started again."),
};
