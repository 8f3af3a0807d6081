import type { Board, Panel, Row } from "./board.ts";
import { of, rate, sum } from "./queries.ts";

const books = (lane: string, title: string): Panel => ({
  title,
  about:
    "issued = accepted + rejected + expired + outstanding; accepted = trained + skipped + evaluated + waiting.",
  unit: "none",
  curves: [{ query: of("fleet_ledger_samples", `lane="${lane}"`), legend: "{{fleet_run}} {{state}}" }],
});

const BOOKS: Row = {
  title: "The books",
  panels: [
    {
      title: "Imbalance",
      about: "What is left of the books' two equations. Anything but 0 is a fault.",
      unit: "none",
      as: "value",
      curves: [{ query: of("fleet_ledger_imbalance"), legend: "{{fleet_run}} {{lane}} {{equation}}" }],
    },
    {
      title: "Storage",
      about: "1 while something cannot be stored, so that everything waits.",
      unit: "none",
      as: "value",
      curves: [{ query: of("fleet_storage_waiting"), legend: "{{fleet_run}}" }],
    },
    {
      title: "Outstanding and waiting",
      about: "Samples whose end is not known: issued and not accepted; accepted and not used.",
      unit: "none",
      curves: [
        {
          query: of("fleet_ledger_samples", 'state=~"outstanding|waiting"'),
          legend: "{{fleet_run}} {{lane}} {{state}}",
        },
      ],
    },
    books("train", "Samples to train on"),
    books("eval", "Samples of evaluations"),
    {
      title: "Trained on",
      about: "Samples a second.",
      unit: "suffix: a second",
      curves: [{ query: rate("fleet_samples_trained_total"), legend: "{{fleet_run}}" }],
    },
  ],
};

const byReason = (title: string, about: string, metric: string): Panel => ({
  title,
  about: `${about} Since the process that counts them was started.`,
  unit: "none",
  curves: [{ query: sum(metric, "reason"), legend: "{{fleet_run}} {{reason}}" }],
});

const REASONS: Row = {
  title: "What was lost, and why",
  panels: [
    byReason("Rejected", "Samples that were given up.", "fleet_samples_rejected_total"),
    byReason(
      "Failed",
      "Samples that could not be made or scored this time, and are tried again.",
      "fleet_samples_failed_total",
    ),
    byReason("Expired", "Open samples that were not wanted any more.", "fleet_samples_expired_total"),
    byReason("Skipped", "Accepted samples that were not trained on.", "fleet_samples_skipped_total"),
    byReason(
      "Failed, as the workers say",
      "Samples that a worker could not make or score.",
      "fleet_worker_samples_failed_total",
    ),
    {
      title: "Handed over, by answer",
      about:
        "What the coordinator said of the samples that workers handed over: accepted, duplicate, closed or refused.",
      unit: "suffix: a second",
      curves: [{ query: rate("fleet_worker_samples_total", "outcome"), legend: "{{fleet_run}} {{outcome}}" }],
    },
  ],
};

/** Where every sample went. */
export const LEDGER_BOARD: Board = {
  uid: "rollout-fleet-ledger",
  title: "rollout-fleet: ledger",
  about: "The books of a run: where every sample went, and why.",
  rows: [BOOKS, REASONS],
};
