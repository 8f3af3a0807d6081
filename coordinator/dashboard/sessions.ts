/**
 * Who may look: whoever has a link that was made with the run's token, once; then whoever has the cookie that the link
 * was exchanged for.
 *
 * @module
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { appendFile, readFile } from "node:fs/promises";

/** How long a link that nobody has followed is good for. */
const LINK_MS = 24 * 3_600_000;
/** How long a browser stays signed in. */
const SESSION_MS = 30 * 24 * 3_600_000;

/**
 * Makes a link to a run's dashboard that one browser can follow once, within a day. What proves it is in the part of the
 * address that browsers do not send.
 *
 * @param secret - the run's token
 */
export function createDashboardLink(url: string, secret: string, nowMs: number = Date.now()): string {
  return `${url}/#link=${sign(secret, "link", nowMs + LINK_MS)}`;
}

/** Who is signed in. */
export interface Sessions {
  /** The cookie's value for a link that is good and was not followed before; null for any other. */
  exchange(link: string): Promise<string | null>;
  isSignedIn(cookies: string | undefined): boolean;
  /** The header that sets the cookie. */
  cookieOf(value: string): string;
}

/** @param used - file of the links that were followed, kept so that none is good again after a restart; null: in memory alone */
export async function openSessions(run: string, secret: string, used: string | null): Promise<Sessions> {
  // A cookie is for a host and not for its port: two runs of one machine must not share a name.
  const name = `fleet-${run}`;
  const text = used === null ? "" : await readFile(used, "utf8").catch(() => "");
  const followed = new Set(text.split("\n"));
  return {
    exchange: async (link) => {
      if (!isGood(secret, "link", link) || followed.has(link)) return null;
      followed.add(link);
      if (used !== null) await appendFile(used, `${link}\n`, { mode: 0o600 });
      return sign(secret, "session", Date.now() + SESSION_MS);
    },
    isSignedIn: (cookies = "") =>
      cookies
        .split(";")
        .map((cookie) => cookie.trim().split("="))
        .some(([key, value = ""]) => key === name && isGood(secret, "session", value)),
    cookieOf: (value) => `${name}=${value}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${SESSION_MS / 1_000}`,
  };
}

/** `until.nonce.proof` */
function sign(secret: string, purpose: string, untilMs: number): string {
  const said = `${untilMs}.${randomBytes(12).toString("base64url")}`;
  return `${said}.${proofOf(secret, purpose, said)}`;
}

function isGood(secret: string, purpose: string, token: string): boolean {
  const [until = "", nonce = "", proof = "", ...rest] = token.split(".");
  if (rest.length > 0 || !(Number(until) > Date.now())) return false;
  const right = Buffer.from(proofOf(secret, purpose, `${until}.${nonce}`));
  const given = Buffer.from(proof);
  return given.byteLength === right.byteLength && timingSafeEqual(given, right);
}

function proofOf(secret: string, purpose: string, said: string): string {
  return createHmac("sha256", secret).update(`dashboard ${purpose} ${said}`).digest("base64url");
}
