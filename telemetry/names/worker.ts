import { counter, gauge, histogram, REWARDS, SECONDS } from "./metric.ts";

/** Metrics of a worker. */
export const WORKER_METRICS = {
  "fleet.worker.tokens": counter(
    "{token}",
    ["kind", "device"],
    "Tokens computed: sampled, or prefill of prompts and prefixes.",
  ),
  "fleet.worker.slots": gauge("{slot}", ["state"], "Slots of the engine: busy or free."),
  "fleet.worker.cells": gauge(
    "{token}",
    ["state"],
    "Cells of the KV cache, one a token: used by prompts and samples, or free.",
  ),
  "fleet.worker.samples.waiting": gauge("{sample}", [], "Samples that have no slot yet."),
  "fleet.worker.slot.seconds": counter(
    "s",
    ["state"],
    "Time of all slots, by whether a sample of a leased group was there for them: busy or idle.",
  ),
  "fleet.worker.unacknowledged.bytes": gauge(
    "By",
    ["place"],
    "Finished work that the coordinator has not acknowledged: in memory, or in the spool.",
  ),
  "fleet.worker.tasks": counter(
    "{task}",
    ["outcome"],
    "Deliveries of tasks by how they ended: served, released, settled, held or handed-back.",
  ),
  "fleet.worker.samples": counter(
    "{sample}",
    ["outcome"],
    "Samples handed over by what the coordinator answered: accepted, duplicate, closed or refused.",
  ),
  "fleet.worker.samples.failed": counter(
    "{sample}",
    ["reason"],
    "Samples that this worker could not make or score.",
  ),
  "fleet.worker.reward.seconds": histogram(
    "s",
    [],
    "Scoring of one completion, its wait for a thread included.",
    SECONDS,
  ),
  "fleet.worker.reward.component": histogram(
    "1",
    ["component"],
    "Value of one component of the reward, before its weight.",
    REWARDS,
  ),
  "fleet.worker.phase.seconds": histogram(
    "s",
    ["phase"],
    "Time of a completion by phase: queued, prefill or decode.",
    SECONDS,
  ),
  "fleet.worker.policy.version": gauge("{version}", [], "Of the policy that new tokens are sampled under."),
  "fleet.worker.policy.seconds": histogram(
    "s",
    ["phase"],
    "Making an adapter ready by phase: download, which lasts as long as its upload where they overlap, or load into the engine.",
    SECONDS,
  ),
  "fleet.worker.engine.deaths": counter("{death}", [], "Engines that died and were started again."),
};
