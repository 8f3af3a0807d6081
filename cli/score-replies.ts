import type { Instance } from "../core/index.ts";
import type { Explanation, ScoreInput } from "../rewards/index.ts";
import { RewardFailedError, type RewardPool } from "../workers/index.ts";
import type { BadReply, Reply } from "./read-replies.ts";

type Score = Awaited<ReturnType<RewardPool["score"]>>;

/** A reply with its verdict. */
export interface ScoredReply extends Reply {
  /** Which of the replies to its instance this is, from 1. */
  readonly nth: number;
  readonly verdict: Omit<Score, "explanationJson"> & { readonly explanation: Explanation };
}

/** A reply that could not be scored. */
export interface FailedReply extends Reply {
  readonly nth: number;
  readonly failure: string;
}

/** What became of a line. */
export type Outcome = ScoredReply | FailedReply | BadReply;

/** With what replies are scored. */
export interface Scoring {
  readonly instances: ReadonlyMap<string, Instance>;
  /** The `reward` section of run.yaml. */
  readonly settings: unknown;
  readonly pool: RewardPool;
  /** Replies that are in memory at once. */
  readonly atOnce: number;
}

/** Scores replies, several at once. Outcomes come in the order of the lines. */
export async function* scoreReplies(
  replies: AsyncIterable<Reply | BadReply>,
  scoring: Scoring,
): AsyncGenerator<Outcome> {
  const counts = new Map<string, number>();
  const score = async (reply: Reply | BadReply): Promise<Outcome> => {
    if ("reason" in reply) return reply;
    const nth = (counts.get(reply.id) ?? 0) + 1;
    if (scoring.instances.has(reply.id)) counts.set(reply.id, nth);
    return scoreReply(reply, nth, scoring);
  };
  yield* inOrder(replies, scoring.atOnce, score);
}

/** Scores the `nth` reply to its instance. */
export async function scoreReply(reply: Reply, nth: number, scoring: Scoring): Promise<Outcome> {
  const { line, id, text } = reply;
  const instance = scoring.instances.get(id);
  if (instance === undefined) return { line, reason: `the dataset has no instance ${JSON.stringify(id)}` };
  const input = { files: instance.files, oracle: instance.oracle, reply: text };
  return { ...reply, nth, ...(await judge(scoring, input)) };
}

async function judge(
  { pool, settings }: Scoring,
  input: ScoreInput,
): Promise<Pick<ScoredReply, "verdict"> | Pick<FailedReply, "failure">> {
  try {
    const { explanationJson, ...score } = await pool.score({ settings, input });
    return { verdict: { ...score, explanation: readExplanation(explanationJson) } };
  } catch (error) {
    if (error instanceof RewardFailedError) return { failure: error.message };
    throw error;
  }
}

/** An explanation, whose parts another reward than ours may leave out. */
function readExplanation(json: string): Explanation {
  const { mistake = null, files = [], notes = [] } = JSON.parse(json || "{}") as Partial<Explanation>;
  return { mistake, files, notes };
}

/** Works on up to `atOnce` items at a time, gives the results in the order of the items, and ends when all work has. */
async function* inOrder<Item, Result>(
  items: AsyncIterable<Item>,
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const begun: Promise<Result>[] = [];
  try {
    for await (const item of items) {
      const result = work(item);
      result.catch(() => {}); // Told when it is waited for, below.
      begun.push(result);
      if (begun.length >= atOnce) yield begun.shift() as Promise<Result>;
    }
    while (begun.length > 0) yield begun.shift() as Promise<Result>;
  } finally {
    await Promise.allSettled(begun);
  }
}
