import { queryArchive } from "../../coordinator/index.ts";

/** Which rollouts are exported. */
export interface RolloutChoice {
  readonly lane?: "train" | "eval";
  readonly step?: number;
}

/** A rollout's row joined with what became of it, by column. */
export type RolloutRow = Readonly<Record<string, unknown>>;

/** Rows that are held at a time. */
const PAGE = 500;

/** Finished rollouts of the archive in `folder` with the columns that are named, by their numbers. */
export async function* rolloutRows(
  folder: string,
  { lane, step }: RolloutChoice,
  columns: readonly string[],
): AsyncGenerator<RolloutRow, void> {
  const conditions = ["r.finish <> 'FINISH_PARTIAL'"];
  if (lane !== undefined) conditions.push(`r.lane = '${lane}'`);
  if (step !== undefined) conditions.push(`o.step = ${step}`);
  for (let after = 0; ; ) {
    const { rows } = await queryArchive(
      folder,
      `SELECT ${columns.join(", ")} FROM rollouts r LEFT JOIN outcomes o USING (sequence)
       WHERE ${[...conditions, `r.sequence > ${after}`].join(" AND ")} ORDER BY r.sequence`,
      PAGE,
    );
    yield* rows;
    if (rows.length < PAGE) return;
    after = Number(rows.at(-1)?.["sequence"]);
  }
}
