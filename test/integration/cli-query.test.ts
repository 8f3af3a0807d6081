import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { archiveColumns, readArchive } from "../../coordinator/index.ts";
import { type ArchivedRun, openArchivedRun } from "../support/archived-run.ts";
import { fleet } from "../support/fleet-command.ts";
import type { ShownRollout } from "../support/shown-run.ts";

const DIFF = "@@ -1,2 +1,2 @@\n a = 1\n-b = 2\n+b = 3";
const ROLLOUTS: readonly ShownRollout[] = [
  {
    ...{ instance: "one", reward: 0.5, text: "reply \u001b[2J one\nsecond line", step: 1 },
    explanation: { mistake: null, files: [{ path: "a.py", similarity: 0.5, predicted: DIFF, oracle: DIFF }] },
  },
  { instance: "two", reward: -1, errorClass: "not-found", step: 1 },
  { instance: "two", reward: 1, exact: true, step: 2 },
];

describe("a run's archive in the terminal", () => {
  let run: ArchivedRun;
  let chosen: readonly string[];
  let archive: string;
  beforeAll(async () => {
    run = await openArchivedRun("queried", ROLLOUTS);
    ({ chosen, archive } = run);
    await writeFile(run.folder.file("secret.csv"), "secret\n1\n");
  });
  afterAll(() => run[Symbol.asyncDispose]());

  it("answers SQL over rollouts and outcomes", async () => {
    const { code, stdout, stderr } = await fleet(
      "query",
      "SELECT o.step, avg(r.reward) AS mean FROM rollouts r JOIN outcomes o USING (sequence) GROUP BY 1 ORDER BY 1",
      ...chosen,
    );

    expect(code, stderr).toBe(0);
    expect(stdout).toBe("step  mean\n   1  -0.25\n   2  1\n");
  });

  it("gives whole values as JSON, and says where rows are left out", async () => {
    const asked = [
      "query",
      "SELECT text FROM rollouts ORDER BY sequence",
      "--limit",
      "1",
      "--json",
      ...chosen,
    ];

    const { stdout, stderr } = await fleet(...asked);

    expect(JSON.parse(stdout)).toEqual([{ text: ROLLOUTS[0]?.text }]);
    expect(stderr).toBe("there are more rows than --limit 1\n");
  });

  it("writes nothing, and reads nothing but the archive", async () => {
    const ask = async (sql: string) => fleet("query", sql, ...chosen);
    const outside = await ask(`SELECT * FROM read_csv('${run.folder.file("secret.csv")}')`);
    const written = await ask(`COPY (SELECT 1) TO '${run.folder.file("written.csv")}'`);
    const unlocked = await ask("SET enable_external_access = true");

    for (const { code, stdout, stderr } of [outside, written, unlocked]) {
      expect(code).toBe(2);
      expect(stdout).toBe("");
      expect(stderr).toMatch(/^fleet: the query cannot be answered: /);
    }
  });

  it("tells what each column holds", async () => {
    const { stdout } = await fleet("query", "--columns");

    const columns = archiveColumns();
    expect(columns.filter(({ about }) => about === "")).toEqual([]);
    expect(stdout.trimEnd().split("\n")).toHaveLength(columns.length + 1);
    expect(stdout).toMatch(/^rollouts +entropy +FLOAT\[\] +a token: of the same softmax, in nats$/m);
  });

  it("shows one rollout in full, with nothing in it that acts on the terminal", async () => {
    const { code, stdout } = await fleet("rollout", "1", ...chosen);

    expect(code).toBe(0);
    expect(stdout).toContain("  │ reply \\x1b[2J one\n  │ second line");
    expect(stdout).toMatch(/reward:\n {2}│ 0\.5000: similarity/);
    expect(stdout).toMatch(/predicted change +│ true change/);
    expect(stdout).not.toContain("\u001b");
  });

  it("gives it as JSON, and names what is not there", async () => {
    const found = await fleet("rollout", "3", "--json", ...chosen);
    const missing = await fleet("rollout", "4", ...chosen);

    const [, , third] = await readArchive(archive, { sort: "sequence", atMost: 3 });
    expect(JSON.parse(found.stdout)).toEqual(third);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toMatch(/^fleet: there is no rollout 4 in the archive of run queried: /);
  });
});
