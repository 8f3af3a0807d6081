import type { Board, Row } from "./board.ts";
import { mean, of, rate, share, spread, sum } from "./queries.ts";

const PROGRESS: Row = {
  title: "Where the run is",
  panels: [
    {
      title: "Phase",
      about: "new, running, paused, ended or failed.",
      unit: "none",
      as: "value",
      curves: [{ query: `${of("fleet_run_phase")} == 1`, legend: "{{fleet_run}} is {{phase}}" }],
    },
    {
      title: "Step",
      about: "The newest policy's version, and the last step that the run will make.",
      unit: "none",
      as: "value",
      curves: [
        { query: of("fleet_run_step"), legend: "{{fleet_run}}: newest" },
        { query: of("fleet_run_steps_planned"), legend: "{{fleet_run}}: last" },
      ],
    },
    {
      title: "Batches ahead",
      about:
        "Composed and not yet trained: 0 and the updater waits, 1 and it trains, more and batches wait for it.",
      unit: "none",
      curves: [
        {
          query: `${of("fleet_run_batches_composed")} - ${of("fleet_run_step")}`,
          legend: "{{fleet_run}}",
        },
      ],
    },
  ],
};

const REWARD: Row = {
  title: "Whether it learns",
  panels: [
    {
      title: "Reward of a step",
      about: "Mean over the newest step's rollouts, those of groups without signal included.",
      unit: "none",
      curves: [{ query: of("fleet_step_reward"), legend: "{{fleet_run}}" }],
    },
    {
      title: "Reward of accepted rollouts",
      about: "Mean over the window; the lane eval is the held-out tasks.",
      unit: "none",
      curves: [{ query: mean("fleet_rollout_reward", "lane"), legend: "{{fleet_run}} {{lane}}" }],
    },
    {
      title: "Spread of the training reward",
      about:
        "A median that rises with the 90 % curve is learning; two that meet leave GRPO nothing to tell apart.",
      unit: "none",
      curves: spread("fleet_rollout_reward", "", 'lane="train"'),
    },
    {
      title: "Parts of the reward",
      about: "Mean of each component before its weight: one that rises alone may be gamed.",
      unit: "none",
      curves: [
        { query: mean("fleet_worker_reward_component", "component"), legend: "{{fleet_run}} {{component}}" },
      ],
    },
    {
      title: "Format, exact and cut off",
      about:
        "Shares of the accepted rollouts. Many that are cut off mean that sampling.maxTokens is too small, or replies grow.",
      unit: "percentunit",
      curves: [
        { query: of("fleet_step_format_rate"), legend: "{{fleet_run}}: right format, newest step" },
        {
          query: share(
            rate("fleet_rollouts_well_formed_total", "lane"),
            rate("fleet_rollouts_accepted_total", "lane"),
          ),
          legend: "{{fleet_run}} {{lane}}: right format",
        },
        {
          query: share(
            rate("fleet_rollouts_exact_total", "lane"),
            rate("fleet_rollouts_accepted_total", "lane"),
          ),
          legend: "{{fleet_run}} {{lane}}: exact",
        },
        {
          query: share(
            rate("fleet_rollouts_cut_off_total", "lane"),
            rate("fleet_rollouts_accepted_total", "lane"),
          ),
          legend: "{{fleet_run}} {{lane}}: cut off",
        },
      ],
    },
    {
      title: "Entropy",
      about:
        "Of the policy at the sampled tokens, in nats. A fall to 0 is a policy that has stopped to explore.",
      unit: "none",
      curves: [{ query: of("fleet_step_entropy"), legend: "{{fleet_run}}" }],
    },
  ],
};

const GRADIENT: Row = {
  title: "Whether the gradient can be trusted",
  panels: [
    {
      title: "KL",
      about: "Divergence from the reference policy, in nats; 0 where it is not computed.",
      unit: "none",
      curves: [{ query: of("fleet_step_kl"), legend: "{{fleet_run}}" }],
    },
    {
      title: "Ratio",
      about:
        "Trainer over sampler before clipping. The mean should stay near 1; see the gap where it does not.",
      unit: "none",
      curves: [{ query: of("fleet_step_ratio"), legend: "{{fleet_run}}: {{statistic}}" }],
    },
    {
      title: "Clipped and cut off",
      about:
        "Share of tokens whose gradient was clipped away, and of those whose importance weight was cut off.",
      unit: "percentunit",
      curves: [
        { query: of("fleet_step_clipped_share"), legend: "{{fleet_run}}: clipped" },
        { query: of("fleet_step_cut_share"), legend: "{{fleet_run}} {{variant}}: cut off" },
      ],
    },
    {
      title: "Gradient norm",
      about: "Before clipping.",
      unit: "none",
      curves: [{ query: of("fleet_step_gradient_norm"), legend: "{{fleet_run}}" }],
    },
    {
      title: "Gap of sampler and trainer",
      about: "Between their log-probabilities of the same tokens, in nats, by quantization of the base.",
      unit: "none",
      curves: [{ query: of("fleet_step_gap"), legend: "{{fleet_run}} {{variant}}: {{statistic}}" }],
    },
    {
      title: "Loss and learning rate",
      about: "GRPO's loss is no measure of progress; the reward is.",
      unit: "none",
      curves: [
        { query: of("fleet_step_loss"), legend: "{{fleet_run}}: loss" },
        { query: of("fleet_step_learning_rate"), legend: "{{fleet_run}}: learning rate" },
      ],
    },
  ],
};

const TIME: Row = {
  title: "Where the time goes",
  panels: [
    {
      title: "Step time by phase",
      about:
        "Mean over the window. wait, forward, backward and optimizer are the updater's; batch is all from its composition to its policy.",
      unit: "s",
      curves: [{ query: mean("fleet_step_seconds", "phase"), legend: "{{fleet_run}} {{phase}}" }],
    },
    {
      title: "What the updater does",
      about: "Shares of its time: wait, train, save, publish.",
      unit: "percentunit",
      as: "stack",
      curves: [{ query: rate("fleet_updater_seconds_total", "phase"), legend: "{{fleet_run}} {{phase}}" }],
    },
    {
      title: "Who waits for whom",
      about:
        "The updater for rollouts: more workers help. Rollouts for the updater: fewer do. The two are never up at the same moment.",
      unit: "percentunit",
      curves: [
        { query: rate("fleet_updater_waited_seconds_total"), legend: "{{fleet_run}}: updater waits" },
        { query: rate("fleet_rollouts_waited_seconds_total"), legend: "{{fleet_run}}: rollouts wait" },
      ],
    },
    {
      title: "Tokens",
      about: "Sampled by workers; kept in accepted rollouts; through the gradient, prompts included.",
      unit: "suffix: tokens/s",
      curves: [
        { query: rate("fleet_worker_tokens_total", "", 'kind="sampled"'), legend: "{{fleet_run}}: sampled" },
        { query: rate("fleet_rollouts_tokens_total"), legend: "{{fleet_run}}: accepted" },
        { query: rate("fleet_updater_tokens_total"), legend: "{{fleet_run}}: trained" },
      ],
    },
    {
      title: "Rollouts and steps",
      about: "Accepted rollouts by lane, and steps by how they ended.",
      unit: "suffix: a second",
      curves: [
        { query: rate("fleet_rollouts_accepted_total", "lane"), legend: "{{fleet_run}} {{lane}} rollouts" },
        { query: rate("fleet_steps_total", "outcome"), legend: "{{fleet_run}} steps {{outcome}}" },
      ],
    },
    {
      title: "Staleness",
      about: "Policy versions that a sample is behind when its batch is composed; batch.staleness bounds it.",
      unit: "none",
      curves: [
        { query: mean("fleet_rollout_staleness"), legend: "{{fleet_run}}: mean" },
        ...spread("fleet_rollout_staleness"),
      ],
    },
    {
      title: "Generation of a rollout",
      about: "Prefill and decoding, as its worker measured it.",
      unit: "s",
      curves: spread("fleet_rollout_generation_seconds", "lane"),
    },
    {
      title: "Steps so far",
      about: "Since the coordinator was started.",
      unit: "none",
      curves: [{ query: sum("fleet_steps_total", "outcome"), legend: "{{fleet_run}} {{outcome}}" }],
    },
  ],
};

/** How a run goes: reward, gradient, and where its time goes. */
export const RUN_BOARD: Board = {
  uid: "rollout-fleet-run",
  title: "rollout-fleet: run",
  about: "Whether a run learns, whether its gradient can be trusted, and where its time goes.",
  rows: [PROGRESS, REWARD, GRADIENT, TIME],
};
