import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";

/** What the copies of an archive's rollouts are spread over. */
const WORKERS = 12;
const INSTANCES = 5_000;
const GROUP = 8;
const VERSIONS = 400;
const ERRORS = ["not-found", "no-blocks", "identical"];

/** A text that only the oldest copy's first rollout has. */
export const NEEDLE = "a needle that is there once";

/**
 * Grows an archive of one file a table to so many files, each with as many rows: the same columns and lists of tokens,
 * other names, rewards and texts.
 */
export async function growArchive(archive: string, files: number): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:", { threads: "2" });
  const connection = await instance.connect();
  const firstOf = async (table: string) =>
    join(archive, table, (await readdir(join(archive, table)))[0] ?? "");
  const [rollouts, outcomes] = [await firstOf("rollouts"), await firstOf("outcomes")];
  const count = await connection.runAndReadAll(
    `SELECT count(*)::INTEGER AS n FROM read_parquet('${rollouts}')`,
  );
  const rows = Number(count.getRowObjectsJson()[0]?.["n"]);
  for (let file = 1; file < files; file++) {
    const from = rows * file;
    const name = `${pad(from + 1)}-${pad(from + rows)}.parquet`;
    const write = (table: string, source: string, changes: string) =>
      connection.run(
        `COPY (SELECT * REPLACE (${changes}) FROM read_parquet('${source}'))
          TO '${join(archive, table, name)}' (FORMAT parquet, COMPRESSION zstd)`,
      );
    const number = `(sequence + ${from})`;
    const named = `${number} AS sequence, 't' || (${number} // ${GROUP}) AS task, (sequence % ${GROUP})::INTEGER AS sample,
      'org/repo-' || ((${number} // ${GROUP}) % ${INSTANCES}) AS instance`;
    const text =
      file === 1
        ? `text || CASE WHEN sequence = 1 THEN '${NEEDLE}' ELSE md5(${number}::VARCHAR) END`
        : `text || md5(${number}::VARCHAR)`;
    await write(
      "rollouts",
      rollouts,
      `${named}, hash(${number}) % 2000 / 1000.0 - 1 AS reward, hash(${number}) % 50 = 0 AS exact, ${text} AS text,
        'worker-' || (hash(${number}) % ${WORKERS}) AS worker,
        CASE WHEN hash(${number}) % 4 = 0 THEN list_extract(${JSON.stringify(ERRORS).replaceAll('"', "'")}, 1 + (${number} % 3)) ELSE '' END AS error_class,
        '[{"from":0,"policyVersion":' || (${number} // ${rows} % ${VERSIONS}) || '}]' AS spans_json`,
    );
    await write("outcomes", outcomes, `${named}, ${number} // 256 AS step`);
  }
  connection.closeSync();
  instance.closeSync();
}

function pad(sequence: number): string {
  return String(sequence).padStart(10, "0");
}
