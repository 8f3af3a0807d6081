import { crashPoint } from "../../core/index.ts";
import type { Logger } from "../../telemetry/index.ts";
import { mayDropThrough } from "../ledger/state.ts";
import type { Core } from "../serving/core.ts";
import type { Archive, StoredFile } from "./archive.ts";

/** What keeping an archive small works with. */
export interface BudgetParts {
  readonly core: Pick<Core, "state" | "decide">;
  readonly archive: Pick<Archive, "list" | "remove">;
  /** Most that the archive may take; null: anything. */
  readonly mostMiB: number | null;
  readonly logger: Pick<Logger, "info" | "warn">;
}

const MEBIBYTE = 2 ** 20;

/**
 * Creates what drops the oldest files of rollouts from an archive that takes too much, as far as the ledger lets them go.
 * Each call is one look.
 */
export function createArchiveBudget({ core, archive, mostMiB, logger }: BudgetParts): () => Promise<void> {
  const { state } = core;
  let isOver = false;

  return async () => {
    if (mostMiB === null) return;
    const { rollouts, outcomes } = await archive.list();
    const bytes = [...rollouts, ...outcomes].reduce((sum, file) => sum + file.bytes, 0);
    const chosen = oldestOf(rollouts, bytes - mostMiB * MEBIBYTE, mayDropThrough(state));
    const through = chosen.at(-1)?.through ?? 0;
    const files = chosen.map(({ file }) => file);
    if (through > state.droppedThrough) {
      await core.decide({ type: "dropped", through, files });
      crashPoint("archive.after-drop");
      await archive.remove(files);
      logger.info("the archive made room", { files: files.length, through });
    }
    const left = bytes - chosen.reduce((sum, file) => sum + file.bytes, 0);
    const wasOver = isOver;
    isOver = left > mostMiB * MEBIBYTE;
    if (isOver && !wasOver) {
      logger.warn("the archive is above storage.archiveMiB, and what is left in it is needed", {
        mebibytes: Math.ceil(left / MEBIBYTE),
      });
    }
  };
}

/** As many of the oldest files as take `bytes`, of those whose range ends by `through`. */
function oldestOf(files: readonly StoredFile[], bytes: number, through: number): StoredFile[] {
  const chosen: StoredFile[] = [];
  let left = bytes;
  for (const file of files) {
    if (left <= 0 || file.through > through) break;
    chosen.push(file);
    left -= file.bytes;
  }
  return chosen;
}
