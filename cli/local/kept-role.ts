import { backoffMs, FleetError, pause } from "../../core/index.ts";
import { EXIT } from "../exit.ts";
import type { Exit, RoleProcess } from "./role-process.ts";

/** A role ended in a way that starting it again does not mend. */
export class RoleEndedError extends FleetError {
  readonly code = "cli.role_ended";
  readonly disposition: "reject" | "fatal";

  constructor(message: string, mistake: boolean) {
    super(message);
    this.disposition = mistake ? "reject" : "fatal";
  }
}

/** Deaths in a row, each before {@link HEALTHY_MS}, after which a role is given up. */
const MOST_DEATHS = 5;
/** A role that ran this long has recovered. */
const HEALTHY_MS = 30_000;
const FIRST_RESTART_MS = 500;
const LAST_RESTART_MS = 10_000;

/** A role that is started again when it dies. */
export interface KeptRole {
  readonly name: string;
  /** Resolves when the role ended with exit code 0 or was stopped; rejects when starting it again is no use. */
  readonly ended: Promise<void>;
  /** How often it was started again. */
  readonly restarts: number;
  stop(graceMs: number): Promise<void>;
  kill(): void;
}

/**
 * Keeps a role running: a process that dies is started again, after half a second at first and with doubled delays
 * up to ten seconds.
 *
 * @param start - starts the process; `restart` counts from 0
 * @param onDeath - told of each death that is answered with a restart
 */
export function keepRole(
  name: string,
  start: (restart: number) => RoleProcess,
  onDeath: (name: string, exit: Exit) => void,
): KeptRole {
  const stopping = new AbortController();
  let current = start(0);
  let restarts = 0;

  async function keep(): Promise<void> {
    let deaths = 0;
    while (!stopping.signal.aborted) {
      const startedAt = performance.now();
      const exit = await current.exited;
      if (exit.code === EXIT.done || stopping.signal.aborted) return;
      deaths = performance.now() - startedAt > HEALTHY_MS ? 1 : deaths + 1;
      if (!mayRestart(exit, deaths)) throw endedError(name, exit);
      onDeath(name, exit);
      await startAgain(deaths);
    }
  }

  async function startAgain(deaths: number): Promise<void> {
    await pause(backoffMs(deaths - 1, FIRST_RESTART_MS, LAST_RESTART_MS), stopping.signal);
    if (stopping.signal.aborted) return;
    restarts += 1;
    current = start(restarts);
  }

  const ended = keep();
  ended.catch(() => {}); // Looked at by whoever awaits it.
  return {
    name,
    ended,
    get restarts() {
      return restarts;
    },
    stop: async (graceMs) => {
      stopping.abort();
      await current.stop(graceMs);
    },
    kill: () => {
      stopping.abort();
      current.kill();
    },
  };
}

function mayRestart(exit: Exit, deaths: number): boolean {
  const hopeless: (number | null)[] = [EXIT.mistake, EXIT.fenced];
  return !hopeless.includes(exit.code) && deaths < MOST_DEATHS;
}

function endedError(name: string, exit: Exit): RoleEndedError {
  const how = exit.signal === null ? `exit code ${exit.code}` : `signal ${exit.signal}`;
  const words = exit.lastWords ?? `${name} ended with ${how} ${MOST_DEATHS} times in a row`;
  return new RoleEndedError(words, exit.code === EXIT.mistake);
}
