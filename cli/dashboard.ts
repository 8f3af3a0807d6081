import { readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AnswerParts, CoordinatorOptions, Summary } from "../coordinator/index.ts";
import { readSecrets } from "./local/secrets.ts";
import { readSummary } from "./read-summary.ts";
import type { RunConfig } from "./run-config.ts";
import { RunFolder } from "./run-folder.ts";

/** Folder of the built page. */
export const PAGE = fileURLToPath(new URL("../dashboard/dist", import.meta.url));

const LOOPBACK = "127.0.0.1";

type Pieces = NonNullable<Awaited<ReturnType<AnswerParts["pieces"]>>>;

/** What the dashboard of a run shows beside what its coordinator knows. */
export function dashboardParts(
  folder: RunFolder,
  config: RunConfig,
): Pick<AnswerParts, "others" | "pieces" | "advantagesOf"> {
  let pieces: Promise<Pieces | null> | null = null;
  return {
    others: othersBeside(folder),
    pieces: () => {
      pieces ??= readPieces(config.model.gguf);
      return pieces;
    },
    advantagesOf: async (rewardsG) => {
      const { groupAdvantages } = await import("../updater/index.ts");
      return groupAdvantages(rewardsG, config.grpo);
    },
  };
}

/**
 * The dashboard that a coordinator serves.
 *
 * @param secret - the run's token
 * @param address - `host:port` to listen on; else loopback, on the port of the start before
 */
export async function dashboardOptions(
  folder: RunFolder,
  config: RunConfig,
  secret: string,
  address: string | undefined,
): Promise<NonNullable<CoordinatorOptions["dashboard"]>> {
  const kept = (await folder.endpoints()).dashboard;
  const at = address === undefined ? { host: LOOPBACK, port: kept?.port ?? 0 } : hostAndPort(address);
  return {
    ...dashboardParts(folder, config),
    ...at,
    isFixed: address !== undefined,
    secret,
    usedLinks: join(folder.path, "used-links"),
    page: PAGE,
    logLink: address !== undefined,
    onListening: (dashboard) => folder.recordEndpoints({ dashboard }),
  };
}

/** `host:port`, an IPv6 host in brackets. */
function hostAndPort(address: string): { host: string; port: number } {
  const at = address.lastIndexOf(":");
  return { host: address.slice(0, at).replace(/^\[|\]$/g, ""), port: Number(address.slice(at + 1)) };
}

/** The link to a run's dashboard, good once; null where it has none. */
export async function dashboardLinkOf(folder: RunFolder): Promise<string | null> {
  const { dashboard } = await folder.endpoints();
  if (dashboard === undefined) return null;
  const { token } = await readSecrets(folder);
  const { createDashboardLink, dashboardUrl } = await import("../coordinator/index.ts");
  return createDashboardLink(dashboardUrl(dashboard), token);
}

function othersBeside(folder: RunFolder): AnswerParts["others"] {
  const runs = dirname(folder.path);
  const read = async (id: string): Promise<Summary | null> =>
    readSummary(new RunFolder(runs, id)).catch(() => null);
  const list = async () => (await readdir(runs).catch(() => [])).filter((id) => id !== folder.id).sort();
  /** By run: whether its summary, as it was written then, has steps. A summary may be large, and few change. */
  const known = new Map<string, { readonly writtenMs: number; readonly hasSteps: boolean }>();
  const hasSteps = async (id: string): Promise<boolean> => {
    const { mtimeMs: writtenMs } = await stat(new RunFolder(runs, id).summary).catch(() => ({ mtimeMs: -1 }));
    const before = known.get(id);
    if (before?.writtenMs === writtenMs) return before.hasSteps;
    const now = { writtenMs, hasSteps: writtenMs >= 0 && ((await read(id))?.steps.length ?? 0) > 0 };
    known.set(id, now);
    return now.hasSteps;
  };
  return {
    list: async () => {
      const shown: string[] = [];
      for (const id of await list()) if (await hasSteps(id)) shown.unshift(id);
      return shown;
    },
    curves: async (id) => {
      // Only a name that is in the folder: what is asked for is never part of a path.
      const summary = (await list()).includes(id) ? await read(id) : null;
      return summary && { run: summary.run, steps: summary.steps, heldOut: summary.heldOut.rounds };
    },
  };
}

/** The texts of the model's tokens; null where the file is not here. */
async function readPieces(gguf: string): Promise<Pieces | null> {
  const { openGguf, readTokenTexts } = await import("../llama/index.ts");
  try {
    await using file = await openGguf(gguf);
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return (
      readTokenTexts(file)?.map((token) => {
        if ("special" in token) return token;
        try {
          return decoder.decode(token.bytes);
        } catch {
          return { hex: Buffer.from(token.bytes).toString("hex") };
        }
      }) ?? null
    );
  } catch {
    return null;
  }
}
