import { CancelledError, DeadlineError } from "../../core/index.ts";
import { wireServices } from "../codec/schema.ts";
import { openCalls } from "./calls.ts";
import { CoordinatorUnreachableError, RewarderAwayError, RewarderSilentError } from "./errors.ts";

/** Nobody is there, nobody answers in time, or the connection went while an answer was awaited. */
const SILENCES = [CoordinatorUnreachableError, DeadlineError, CancelledError];

/** A service that scores replies. */
export interface RewarderOptions {
  /** What the component is called; told to the service. */
  readonly name: string;
  /** `host:port` */
  readonly address: string;
  /** How long an answer may take, in milliseconds. */
  readonly deadlineMs: number;
}

/** What is to be scored. */
interface RewardInput {
  readonly files: Readonly<Record<string, string>>;
  /** Null for a deleted file. */
  readonly oracle: Readonly<Record<string, string | null>>;
  readonly reply: string;
}

/**
 * Opens a reward that is served elsewhere, `fleet.v1.Rewarder`; nothing is dialled before the first reply. The
 * connection lives as long as the process or thread.
 *
 * @throws from the function: {RewarderAwayError | RewarderSilentError}, or what the service answered with, as an error
 */
export function openRewarder({
  name,
  address,
  deadlineMs,
}: RewarderOptions): (input: RewardInput) => Promise<{ reward: number; explanation: string }> {
  const calls = openCalls(address, "", null);
  const { Score: method } = wireServices().rewarder;
  return async ({ files, oracle, reply }) => {
    const entries = Object.entries(oracle);
    const request = {
      component: name,
      files: { ...files },
      oracle: Object.fromEntries(entries.flatMap(([path, text]) => (text === null ? [] : [[path, text]]))),
      deleted: entries.flatMap(([path, text]) => (text === null ? [path] : [])),
      reply,
    };
    try {
      const { reward, explanation } = await calls.unary(method, request, `the reward ${name}`, deadlineMs);
      return { reward, explanation };
    } catch (cause) {
      if (!SILENCES.some((silence) => cause instanceof silence)) throw cause;
      const within = `at ${address} within ${deadlineMs} ms`;
      if (calls.isConnected())
        throw new RewarderSilentError(`the reward ${name} did not answer ${within}`, { cause });
      throw new RewarderAwayError(`nobody was there to give the reward ${name} ${within}`, { cause });
    }
  };
}
