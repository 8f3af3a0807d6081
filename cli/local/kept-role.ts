import { backoffMs, type Clock, FleetError, pause, systemClock } from "../../core/index.ts";
import { EXIT } from "../exit.ts";
import { type Exit, howItEnded, type RoleProcess } from "./role-process.ts";

/** A role ended in a way that starting it again does not mend. */
export class RoleEndedError extends FleetError {
  readonly code: "cli.role_ended" | "cli.role_fenced";
  readonly disposition: "reject" | "fatal";

  /** @param exitCode - the role's; a mistake stays one, and so does being fenced */
  constructor(message: string, exitCode: number | null) {
    super(message);
    this.code = exitCode === EXIT.fenced ? "cli.role_fenced" : "cli.role_ended";
    this.disposition = exitCode === EXIT.mistake ? "reject" : "fatal";
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

/** What keeping a role takes from the machine. */
export interface Waiting {
  readonly clock: Clock;
  pause(ms: number, signal: AbortSignal): Promise<void>;
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
  waiting: Waiting = { clock: systemClock, pause },
): KeptRole {
  const stopping = new AbortController();
  let current = start(0);
  let restarts = 0;

  async function keep(): Promise<void> {
    let deaths = 0;
    while (!stopping.signal.aborted) {
      const startedAtMs = waiting.clock.monotonicMs();
      const exit = await current.exited;
      if (exit.code === EXIT.done || stopping.signal.aborted) return;
      const lifeMs = waiting.clock.monotonicMs() - startedAtMs;
      deaths = lifeMs > HEALTHY_MS ? 1 : deaths + 1;
      if (!mayRestart(exit, deaths)) throw endedError(name, exit);
      onDeath(name, exit);
      await startAgain(deaths);
    }
  }

  async function startAgain(deaths: number): Promise<void> {
    await waiting.pause(backoffMs(deaths - 1, FIRST_RESTART_MS, LAST_RESTART_MS), stopping.signal);
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
  return !isHopeless(exit) && deaths < MOST_DEATHS;
}

/** The user's mistake, or another process that took over: both are there again after a restart. */
function isHopeless({ code }: Exit): boolean {
  return code === EXIT.mistake || code === EXIT.fenced;
}

function endedError(name: string, exit: Exit): RoleEndedError {
  if (isHopeless(exit))
    return new RoleEndedError(exit.lastWords ?? `${name} ended with ${howItEnded(exit)}`, exit.code);
  const words = exit.lastWords === null ? "" : `: ${exit.lastWords}`;
  return new RoleEndedError(
    `${name} died ${MOST_DEATHS} times in a row, the last time with ${howItEnded(exit)}${words}`,
    exit.code,
  );
}
