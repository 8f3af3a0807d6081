import { createHash } from "node:crypto";
import { FleetError } from "../../core/index.ts";
import type { BatchGroup, Rollout } from "../../proto/index.ts";
import { decodeRollout, encodeRollout, type LedgerLog, type RolloutStore } from "../../transport/index.ts";
import { readRollouts } from "../archive/read-rollouts.ts";
import type { BatchGroupRef, LedgerEvent } from "../ledger/events.ts";
import { readEvents } from "../ledger/read-events.ts";
import type { RunSettings } from "../ledger/run-settings.ts";
import { nameOf } from "./audit.ts";

/** A rollout that was trained on is not what the ledger names. */
export class ChangedRolloutError extends FleetError {
  readonly code = "coordinator.changed_rollout";
  readonly disposition = "fatal";
}

/** A rollout that was trained on has left the archive. */
export class DroppedRolloutError extends FleetError {
  readonly code = "coordinator.dropped_rollout";
  readonly disposition = "reject";
}

/** A step that is over, as the ledger has it. */
export interface RecordedStep {
  readonly step: number;
  /** Skipped: by the trainer, which could not use the batch. Rewound: it has no batch. */
  readonly kind: "trained" | "skipped" | "rewound";
  /** SHA-256 of the adapter that the step's policy has, in hex; empty for the base. */
  readonly adapter: string;
  /** The version that a rewound step went back to. */
  readonly source: number;
  /** Optimizer steps of the whole run, as it was configured then. */
  readonly steps: number;
  readonly groups: readonly BatchGroupRef[];
}

/** What a run has trained. */
export interface TrainingRecord {
  /** SHA-256 of the training base, in hex. */
  readonly base: string;
  readonly steps: readonly RecordedStep[];
  /**
   * The batch of a step as the trainer got it: rollouts from the archive, and from ROLLOUTS where not yet archived.
   *
   * @throws {ChangedRolloutError} naming the step, when one is not what the ledger's SHA-256 says
   * @throws {DroppedRolloutError} naming the step, when one made room for others
   */
  batchOf(step: RecordedStep): Promise<BatchGroup[]>;
}

/** Where a run's rollouts are. */
export interface TrainingSources {
  readonly log: Pick<LedgerLog, "read">;
  readonly rollouts: Pick<RolloutStore, "get">;
  /** Folder of the archive. */
  readonly archive: string;
}

/** What an event says of a sample's rollout. */
interface Place {
  readonly sequence: number;
  readonly sha256: string;
}

/** Reads from the ledger what was trained, step by step. */
export async function readTrainingRecord({
  log,
  rollouts,
  archive,
}: TrainingSources): Promise<TrainingRecord> {
  const reader = createReader();
  for await (const { events } of readEvents(log, 1)) for (const event of events) reader.see(event);
  const { places } = reader;

  async function rolloutsOf(groups: readonly BatchGroupRef[], step: number): Promise<Map<string, Rollout>> {
    const wanted = groups.flatMap(({ task, samples }) => samples.map((sample) => nameOf(task, sample)));
    const named = wanted.map((name) => ({ name, place: places.get(name) ?? { sequence: 0, sha256: "" } }));
    const gone = named.find(({ place }) => place.sequence <= reader.droppedThrough());
    if (gone !== undefined) {
      throw new DroppedRolloutError(
        `step ${step} cannot be trained anew: its rollouts have left the archive, which storage.archiveMiB keeps small`,
      );
    }
    const archived = await readRollouts(
      archive,
      named.map(({ place }) => place.sequence),
    );
    const found = new Map<string, Rollout>();
    for (const { name, place } of named) {
      const forms = archived.get(place.sequence) ?? [decodeRollout(await rollouts.get(place.sequence))];
      const rollout = forms.find((form) => digestOf(form) === place.sha256);
      if (rollout === undefined) {
        throw new ChangedRolloutError(
          `step ${step} trained on ${name}, and what is kept of it is not the rollout ${place.sequence} that the ledger names`,
        );
      }
      found.set(name, rollout);
    }
    return found;
  }

  return {
    base: reader.base(),
    steps: reader.steps,
    batchOf: async ({ step, groups }) => {
      const found = await rolloutsOf(groups, step);
      return groups.map(({ task, samples }) => ({
        task,
        rollouts: samples.flatMap((sample) => found.get(nameOf(task, sample)) ?? []),
      }));
    },
  };
}

function createReader() {
  const steps: RecordedStep[] = [];
  const places = new Map<string, Place>();
  const batches = new Map<number, readonly BatchGroupRef[]>();
  const adapters = [""];
  let settings: Pick<RunSettings, "steps"> = { steps: 0 };
  let base = "";
  let droppedThrough = 0;

  function end(step: number, kind: RecordedStep["kind"], adapter: string, source = step): void {
    const groups = kind === "rewound" ? [] : (batches.get(step) ?? []);
    steps.push({ step, kind, adapter, source, steps: settings.steps, groups });
    adapters[step] = adapter;
    batches.delete(step);
  }

  return {
    steps,
    places,
    base: () => base,
    droppedThrough: () => droppedThrough,
    see: (event: LedgerEvent) => {
      switch (event.type) {
        case "run_started":
          base = event.base;
          settings = event.settings;
          break;
        case "configured":
          settings = event.settings;
          break;
        case "dropped":
          droppedThrough = event.through;
          break;
        case "accepted":
          places.set(nameOf(event.task, event.sample), event.rollout);
          break;
        case "batched":
          batches.set(event.step, event.groups);
          break;
        case "trained":
          end(event.step, "trained", event.adapter);
          break;
        case "step_skipped":
          end(event.step, "skipped", adapters[event.step - 1] ?? "");
          break;
        case "rewound":
          end(event.version, "rewound", adapters[event.source] ?? "", event.source);
          break;
      }
    },
  };
}

function digestOf(rollout: Rollout): string {
  return createHash("sha256").update(encodeRollout(rollout)).digest("hex");
}
