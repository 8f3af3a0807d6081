import type { z } from "zod";
import type { Piece, RolloutView, RunView } from "../../dashboard/index.ts";
import { InstanceFilter } from "./archive/list-instances.ts";
import type { ArchiveReader } from "./archive/reader.ts";
import { RolloutFilter } from "./archive/rollout-filter.ts";
import type { OtherRuns, RunSource } from "./run-source.ts";

/** What answers are made from. */
export interface AnswerParts {
  readonly source: RunSource;
  readonly reader: ArchiveReader;
  readonly others: OtherRuns;
  /** Texts of a vocabulary's tokens by id; null where it is not at hand. */
  pieces(): Promise<readonly Piece[] | null>;
  /** What the rewards of a group are worth in training. */
  advantagesOf(rewardsG: readonly number[]): Promise<readonly number[]>;
}

/** An answer: a value to be sent as JSON, or why there is none. */
export type Answer =
  | { readonly status: 200; readonly value: unknown }
  | { readonly status: 400 | 404; readonly reason: string };

/** Answers the page's questions. */
export type AnswerQuestion = (path: string, query: URLSearchParams) => Promise<Answer>;

/** Least time between two looks at what is new, in milliseconds. */
const FRESH_MS = 1_000;

/** Creates what answers `GET /api/…`; `path` is what follows. */
export function createAnswers(parts: AnswerParts): AnswerQuestion {
  const { source, reader, others } = parts;
  const refresh = createRefresh(parts);

  const runView = async (): Promise<RunView> => ({
    ...source.curves(),
    ...source.about(),
    others: await others.list(),
  });

  const simple = new Map<string, (query: URLSearchParams) => Promise<Answer>>(
    Object.entries({
      status: async () => found(source.status()),
      run: async () => found(await runView()),
      fleet: async () => found(source.fleet()),
      ledger: async () => {
        await refresh();
        return found({ ...source.books(), reasons: await reader.reasons() });
      },
      facets: async () => {
        await refresh();
        return found(await reader.facets());
      },
      rollouts: (query: URLSearchParams) =>
        filtered(RolloutFilter, query, async (filter) => {
          await refresh();
          return { ...(await reader.list(filter)), notYet: source.fresh.notYet() };
        }),
      data: (query: URLSearchParams) =>
        filtered(InstanceFilter, query, async (filter) => {
          await refresh();
          return reader.instances(filter);
        }),
    }),
  );

  return async (path, query) => {
    const [first = "", second, ...rest] = path.split("/");
    if (rest.length > 0) return nothingAt(path);
    if (second === undefined) return simple.get(first)?.(query) ?? nothingAt(path);
    if (first === "rollouts") return answerRollout(parts, refresh, second);
    return first === "runs" ? answerCurves(others, second) : nothingAt(path);
  };
}

async function answerCurves(others: OtherRuns, name: string): Promise<Answer> {
  const curves = await others.curves(decoded(name));
  return curves === null ? nothingAt(`runs/${name}`) : found(curves);
}

/** "" for what is no encoding of a text. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

/** One look at a time, and none right after another. */
function createRefresh({ source, reader }: AnswerParts): () => Promise<void> {
  let lastMs = Number.NEGATIVE_INFINITY;
  let generation = -1;
  let looking: Promise<void> | null = null;
  const look = async () => {
    generation = reader.start(); // What is told is told to this thread.
    const fresh = await source.fresh.take(generation);
    await reader.refresh(fresh);
    source.fresh.taken(fresh);
    lastMs = performance.now();
  };
  return async () => {
    if (generation === reader.start() && performance.now() - lastMs < FRESH_MS) return;
    looking ??= look().finally(() => {
      looking = null;
    });
    await looking;
  };
}

async function answerRollout(
  { reader, pieces, advantagesOf }: AnswerParts,
  refresh: () => Promise<void>,
  name: string,
): Promise<Answer> {
  const sequence = Number(name);
  if (!Number.isSafeInteger(sequence)) return nothingAt(`rollouts/${name}`);
  await refresh();
  const stored = await reader.rollout(sequence);
  if (stored === null) return { status: 404, reason: `there is no rollout ${sequence} here any more` };
  const { promptTokenIds, ...rollout } = stored;
  const texts = await pieces();
  const piecesOf = (ids: readonly number[]) =>
    texts === null ? null : ids.map((id) => texts[id] ?? { hex: "" });
  const view: RolloutView = {
    ...rollout,
    pieces: piecesOf(rollout.tokenIds),
    promptPieces: piecesOf(promptTokenIds),
    advantages: await groupAdvantages(rollout, advantagesOf),
  };
  return found(view);
}

/** Of the members that trained together with this one; of all, while none has. */
async function groupAdvantages(
  { group, outcome }: Pick<RolloutView, "group" | "outcome">,
  advantagesOf: AnswerParts["advantagesOf"],
): Promise<(number | null)[]> {
  const counts = (member: RolloutView["group"][number]) =>
    outcome === "trained" ? member.outcome === "trained" : true;
  const members = group.filter(counts);
  if (members.length < 2) return group.map(() => null);
  const values = [...(await advantagesOf(members.map(({ reward }) => reward)))];
  return group.map((member) => (counts(member) ? (values.shift() ?? null) : null));
}

async function filtered<Schema extends z.ZodType>(
  schema: Schema,
  query: URLSearchParams,
  answer: (filter: z.output<Schema>) => Promise<unknown>,
): Promise<Answer> {
  const given = Object.fromEntries([...query].filter(([, value]) => value !== ""));
  const parsed = schema.safeParse(given);
  if (parsed.success) return found(await answer(parsed.data));
  const reason = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
  return { status: 400, reason };
}

function found(value: unknown): Answer {
  return { status: 200, value };
}

function nothingAt(path: string): Answer {
  return { status: 404, reason: `there is nothing at ${path}` };
}
