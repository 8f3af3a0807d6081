import type { Board, Row } from "./board.ts";
import { PROCESSES } from "./process-row.ts";
import { mean, named, of, PROCESS, rate, share, spread, sum } from "./queries.ts";

const WORKERS: Row = {
  title: "Workers",
  panels: [
    {
      title: "Workers",
      about: "That announce themselves, by what they compute on and which quantization they have loaded.",
      unit: "none",
      as: "stack",
      curves: [
        { query: sum("fleet_workers", "device, variant"), legend: "{{fleet_run}} {{device}} {{variant}}" },
      ],
    },
    {
      title: "Slots",
      about: "Sequences that they could decode at once, and those that they do.",
      unit: "none",
      as: "stack",
      curves: [
        {
          query: sum("fleet_workers_slots", "device, variant, state"),
          legend: "{{fleet_run}} {{device}} {{variant}} {{state}}",
        },
      ],
    },
    {
      title: "Tokens sampled",
      about: "As the workers announce it: also of those that no Prometheus reaches.",
      unit: "suffix: tokens/s",
      as: "stack",
      curves: [
        {
          query: sum("fleet_workers_tokens_per_second", "device, variant"),
          legend: "{{fleet_run}} {{device}} {{variant}}",
        },
      ],
    },
    {
      title: "Tokens computed",
      about: "Sampled, and prefilled for prompts and for what an earlier worker had sampled.",
      unit: "suffix: tokens/s",
      curves: [
        {
          query: rate("fleet_worker_tokens_total", "device, kind"),
          legend: "{{fleet_run}} {{device}} {{kind}}",
        },
      ],
    },
    {
      title: "Slots with work",
      about: "Share of the slots' time for which a sample of a leased group was there.",
      unit: "percentunit",
      curves: [
        {
          query: share(
            rate("fleet_worker_slot_seconds_total", "", 'state="busy"'),
            rate("fleet_worker_slot_seconds_total"),
          ),
          legend: "{{fleet_run}}",
        },
      ],
    },
    {
      title: "Busy slots, samples that wait for one",
      about: "By worker.",
      unit: "none",
      curves: [
        { query: named(of("fleet_worker_slots", 'state="busy"')), legend: `${PROCESS}: busy` },
        { query: named(of("fleet_worker_samples_waiting")), legend: `${PROCESS}: waiting` },
      ],
    },
    {
      title: "KV cache in use",
      about: "By worker. One that is always full holds back samples that have a slot.",
      unit: "percentunit",
      curves: [
        {
          query: named(
            `${of("fleet_worker_cells", 'state="used"')} / ignoring (state) (sum without (state) (${of("fleet_worker_cells")}) > 0)`,
          ),
          legend: PROCESS,
        },
      ],
    },
    {
      title: "Time of a completion by phase",
      about: "Mean over the window: queued, prefill, decode, and its scoring.",
      unit: "s",
      curves: [
        { query: mean("fleet_worker_phase_seconds", "phase"), legend: "{{fleet_run}} {{phase}}" },
        { query: mean("fleet_worker_reward_seconds"), legend: "{{fleet_run}} reward" },
      ],
    },
    {
      title: "Not acknowledged",
      about:
        "Finished work that the coordinator has not acknowledged yet: in memory, or in the spool while it is away.",
      unit: "bytes",
      curves: [{ query: named(of("fleet_worker_unacknowledged_bytes")), legend: `${PROCESS}: {{place}}` }],
    },
  ],
};

const QUEUE: Row = {
  title: "Queue and leases",
  panels: [
    {
      title: "Queue",
      about: "Tasks that wait for a worker to take them.",
      unit: "none",
      curves: [{ query: of("fleet_tasks_queued"), legend: "{{fleet_run}} {{lane}}" }],
    },
    {
      title: "Age of the queue",
      about: "How long the oldest of them has waited.",
      unit: "s",
      curves: [{ query: of("fleet_tasks_queued_age_seconds"), legend: "{{fleet_run}} {{lane}}" }],
    },
    {
      title: "Leases",
      about: "Tasks that a worker holds.",
      unit: "none",
      curves: [{ query: of("fleet_leases_live"), legend: "{{fleet_run}}" }],
    },
    {
      title: "Leases granted",
      about: "Those granted again are what the deaths and stops of workers cost.",
      unit: "suffix: a second",
      curves: [
        {
          query: rate("fleet_leases_granted_total", "lane, dispatch"),
          legend: "{{fleet_run}} {{lane}} {{dispatch}}",
        },
      ],
    },
    {
      title: "Leases released, by reason",
      about: "That ended before their samples did, since the coordinator was started.",
      unit: "none",
      curves: [{ query: sum("fleet_leases_released_total", "reason"), legend: "{{fleet_run}} {{reason}}" }],
    },
    {
      title: "Deliveries, by outcome",
      about: "How the tasks that workers took ended: served, released, settled, held or handed-back.",
      unit: "suffix: a second",
      curves: [{ query: rate("fleet_worker_tasks_total", "outcome"), legend: "{{fleet_run}} {{outcome}}" }],
    },
  ],
};

const POLICIES: Row = {
  title: "Policies",
  panels: [
    {
      title: "From publication until active",
      about: "Until a worker announces that it samples under the policy; one value a worker.",
      unit: "s",
      curves: spread("fleet_policy_spread_seconds"),
    },
    {
      title: "Workers behind",
      about: "That do not sample under the newest policy.",
      unit: "none",
      curves: [{ query: of("fleet_workers_behind"), legend: "{{fleet_run}}" }],
    },
    {
      title: "Longest behind",
      about: "For how long the worker that is furthest behind could have sampled under a newer policy.",
      unit: "s",
      curves: [{ query: of("fleet_workers_behind_seconds"), legend: "{{fleet_run}}" }],
    },
    {
      title: "Policy of each worker",
      about: "Beside the newest.",
      unit: "none",
      curves: [
        { query: named(of("fleet_worker_policy_version")), legend: PROCESS },
        { query: of("fleet_run_step"), legend: "{{fleet_run}}: newest" },
      ],
    },
    {
      title: "Making an adapter ready",
      about: "Its download, and its load into the engine.",
      unit: "s",
      curves: spread("fleet_worker_policy_seconds", "phase"),
    },
  ],
};

/** What the fleet does: workers, queue, policies, processes. */
export const FLEET_BOARD: Board = {
  uid: "rollout-fleet-fleet",
  title: "rollout-fleet: fleet",
  about: "Who samples, what waits for whom, how a policy spreads, and how the processes are.",
  rows: [WORKERS, QUEUE, POLICIES, PROCESSES],
};
