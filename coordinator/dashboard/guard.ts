import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";

/** Of every answer: nothing from elsewhere is loaded, run, framed or told. */
export const SAFE_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

/**
 * Whether a request names this server by an address, as `localhost`, or by the host it listens on: a page elsewhere whose
 * name was made to point here (DNS rebinding) names it otherwise.
 */
export function isAskedByRightName({ headers: { host = "" } }: IncomingMessage, listensOn: string): boolean {
  const name = host.replace(/:\d+$/, "").toLowerCase();
  const address = name.replace(/^\[(.*)\]$/, "$1");
  return isIP(address) !== 0 || name === "localhost" || name === listensOn.toLowerCase();
}
