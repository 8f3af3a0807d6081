import { request } from "node:http";
import {
  type ArchivedRollout,
  createDashboardLink,
  createRestSource,
  type Outcome,
  openArchive,
  openDashboard,
  type Summary,
} from "../../coordinator/index.ts";
import type { Rollout } from "../../proto/index.ts";
import { decodeRollout, encodeRollout, float32Bytes, int32Bytes } from "../../transport/index.ts";
import { silentLogger } from "./silent-logger.ts";
import { openTemporaryFolder } from "./temporary-folder.ts";

const NOT_AT_ALL = async (_archive: string): Promise<void> => {};
const SECRET = "the run's token";

const PLANNED = 40;

/** What a test says of a rollout; the rest is made up. */
export type ShownRollout = Partial<
  Pick<Rollout, "lane" | "task" | "sample" | "instance" | "worker"> & {
    readonly text: string;
    readonly issue: string;
    readonly reward: number;
    readonly errorClass: string;
    readonly exact: boolean;
    readonly explanation: unknown;
    readonly version: number;
    readonly step: number;
    readonly outcome: Outcome["outcome"];
    readonly tokens: readonly number[];
  }
>;

/** A dashboard over an archive that was written for it. */
export interface ShownRun extends AsyncDisposable {
  readonly url: string;
  readonly archive: string;
  /** A link that was not followed yet. */
  link(): string;
  /** Asks as somebody who is signed in. */
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<HttpAnswer>;
  /** What is answered at `/api/…` with 200. */
  ask<Value>(path: string): Promise<Value>;
}

/** An answer as it came. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/**
 * Opens the dashboard of a run at rest with these rollouts, the first being number 1.
 *
 * @param grow - adds to the archive before it is shown
 */
export async function openShownRun(
  rollouts: readonly ShownRollout[],
  {
    page = "nowhere",
    summary = {} as Partial<Summary>,
    pieces = null as readonly string[] | null,
    grow = NOT_AT_ALL,
  } = {},
): Promise<ShownRun> {
  await using opening = new AsyncDisposableStack();
  const folder = opening.use(await openTemporaryFolder());
  const archive = folder.file("archive");
  await using files = await openArchive(archive, { through: 0, outcomes: 0 });
  const range = { from: 1, through: rollouts.length };
  await files.writeRollouts(range, rollouts.map(archivedForm));
  await files.writeOutcomes(range, rollouts.map(outcomeOf));
  await grow(archive);
  const settings = { seed: 0, prompts: 2, group: 4, staleness: 1, temperature: 1 };
  const dashboard = opening.use(
    await openDashboard(
      {
        host: "127.0.0.1",
        port: 0,
        isFixed: true,
        secret: SECRET,
        usedLinks: folder.file("used-links"),
        page,
        onListening: async () => {},
      },
      {
        source: createRestSource({ ...EMPTY, ...summary }, { ...settings, planned: PLANNED }),
        archive,
        logger: silentLogger,
        others: {
          list: async () => ["other"],
          curves: async (run) => (run === "other" ? { run, steps: [], heldOut: [] } : null),
        },
        pieces: async () => pieces,
        advantagesOf: async (rewardsG) => {
          const mean = rewardsG.reduce((sum, reward) => sum + reward, 0) / rewardsG.length;
          return rewardsG.map((reward) => reward - mean);
        },
      },
    ),
  );
  const { url } = dashboard;
  const link = () => createDashboardLink(url, SECRET);
  const signedIn = await ask(`${url}/api/session`, {}, linkOf(link()));
  const cookie = String(signedIn.headers["set-cookie"]?.[0]).split(";")[0] ?? "";
  const get = (path: string, headers = {}) => ask(`${url}${path}`, { cookie, ...headers });
  const open = opening.move();
  return {
    url,
    archive,
    link,
    get,
    ask: async (path) => {
      const { status, body } = await get(`/api/${path}`);
      if (status !== 200) throw new Error(`${path} is answered with ${status}: ${body}`);
      return JSON.parse(body);
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** What a link says behind `#link=`. */
export function linkOf(link: string): string {
  return link.split("#link=")[1] ?? "";
}

/** Sends one request, headers as they are given; a body makes it a POST. */
export function ask(
  url: string,
  headers: Readonly<Record<string, string>> = {},
  body?: string,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: body === undefined ? "GET" : "POST", headers, agent: false },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (chunk: string) => {
          text += chunk;
        });
        answer.on("end", () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }),
        );
      },
    );
    sent.once("error", reject);
    sent.end(body);
  });
}

const EMPTY: Summary = {
  run: "shown",
  state: "ended",
  reason: "every step is trained",
  steps: [],
  heldOut: { before: [], after: [], change: [], rounds: [] },
  ledger: [],
  unusable: {},
  versions: [{ version: 0, adapter: "" }],
};

const PLAIN = {
  lane: "train",
  sample: 0,
  worker: "w",
  reward: 0,
  errorClass: "",
  exact: false,
  version: 0,
  tokens: [1, 2, 3],
  explanation: { mistake: null, files: [] },
};

function archivedForm(given: ShownRollout, index: number): ArchivedRollout {
  const plain = { task: `t${index}`, instance: `i${index}`, text: `reply ${index}`, issue: `issue ${index}` };
  const { lane, task, sample, instance, worker, reward, errorClass, exact, text, issue, ...about } = {
    ...PLAIN,
    ...plain,
    ...given,
  };
  const rollout = decodeRollout(
    encodeRollout({
      ...{ run: "shown", lane, task, sample, attempt: 1, instance, worker, seed: "0", temperature: 1 },
      promptTokens: int32Bytes(Int32Array.of(4, 5)),
      completion: completionOf(about.tokens, about.version, worker),
      reward: {
        ...{ value: reward, scorer: "swe-rl@1", errorClass, exact },
        components: [{ name: "swe-rl", value: reward, weight: 1 }],
        explanationJson: JSON.stringify(about.explanation),
      },
      timings: { queuedMs: 0, prefillMs: 1, decodeMs: 10 + index, rewardMs: 1 },
    }),
  );
  // The wire takes fewer bytes than an archive does.
  const completion = rollout.completion && { ...rollout.completion, text };
  return { sequence: index + 1, sha256: "", rollout: { ...rollout, completion }, issue, extraJson: "{}" };
}

function completionOf(tokens: readonly number[], policyVersion: number, worker: string) {
  const perToken = (value: (at: number) => number) =>
    float32Bytes(Float32Array.from(tokens, (_, at) => value(at)));
  return {
    tokens: int32Bytes(Int32Array.from(tokens)),
    logp: perToken((at) => -0.5 * at),
    entropy: perToken((at) => 0.25 * at),
    spans: [{ from: 0, policyVersion, worker, device: "CPU", variant: "base" }],
    finish: "FINISH_END" as const,
  };
}

function outcomeOf(given: ShownRollout, index: number): Outcome {
  const { lane = "train", step = null, outcome = "trained" } = given;
  return {
    lane: lane === "eval" ? "eval" : "train",
    task: given.task ?? `t${index}`,
    sample: given.sample ?? 0,
    attempt: 1,
    instance: given.instance ?? `i${index}`,
    outcome,
    reason: outcome === "skipped" ? "no-signal" : "",
    step,
    sequence: index + 1,
    sha256: "",
    history: { issuedAt: 0, acceptedAt: 0, batchedAt: null, endedAt: 0, leases: [] },
  };
}
