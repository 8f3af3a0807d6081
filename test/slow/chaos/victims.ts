import { readFile } from "node:fs/promises";
import { processesWith } from "../../support/fleet-command.ts";
import type { Target } from "./schedule.ts";

/**
 * The process id of a run's process; null while there is none.
 *
 * @param run - path of the run's folder
 * @param train - of the `fleet train` that is running
 */
export async function findVictim(
  run: string,
  target: Target,
  train: number | undefined,
): Promise<number | null> {
  if (target === "train") return train ?? null;
  const [role = "", engine] = target.split("'s ");
  const found = await processesWith(marksOf(run, role));
  const owner = found.find(({ command }) => !command.includes("guardian-process"))?.pid ?? null;
  return owner === null || engine === undefined
    ? owner
    : await childOf(owner, /engine-process|gradient-process/);
}

/** What only that process has in its command line. */
function marksOf(run: string, role: string): string {
  if (role === "nats-server") return `${run}/nats/nats-server.conf`;
  return role.startsWith("worker") ? `${run}/run.yaml --name ${role}` : `${role} --config ${run}/run.yaml`;
}

async function childOf(owner: number, command: RegExp): Promise<number | null> {
  for (const candidate of await processesWith("-process.ts")) {
    const stat = await readFile(`/proc/${candidate.pid}/stat`, "utf8").catch(() => "");
    const parent = Number(
      stat
        .slice(stat.lastIndexOf(")") + 1)
        .trim()
        .split(" ")[1],
    );
    if (parent === owner && command.test(candidate.command)) return candidate.pid;
  }
  return null;
}
