import { connect as connectPlain, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { pause, withDeadline } from "../../core/index.ts";
import type { ClientTls } from "../tls/tls.ts";
import { REFUSED, tlsFailure } from "../tls/tls-failure.ts";

const KNOCK_DEADLINE_MS = 5_000;
const AGAIN_MS = 1_000;
/** What a client of HTTP/2 says first: the preface and empty settings (RFC 9113, section 3.4). */
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0", "latin1");

/**
 * Finds out what gRPC does not tell: whether the far end cannot be spoken to, however often it is dialled.
 *
 * @param address - `host:port`
 * @returns why, as it reads after "no link to …: "; null when dialling again may help
 */
export async function knock(address: string, tls: ClientTls | null): Promise<string | null> {
  const { host, port } = splitAddress(address);
  const name = isIP(host) === 0 ? { servername: host } : {};
  try {
    if (tls !== null) {
      const { ca, identity } = tls;
      const shown = identity && { cert: identity.certificate, key: identity.key };
      const greet = () => greeting(connectTls({ host, port, ca, ...shown, ...name, ALPNProtocols: ["h2"] }));
      return (await greet()) || identity === null || (await again(greet)) ? null : REFUSED;
    }
    const socket = connectPlain({ host, port });
    socket.write(PREFACE);
    if (await greeting(socket)) return null;
    const shaken = connectTls({ host, port, ...name, rejectUnauthorized: false });
    return (await handshake(shaken)) ? "it speaks TLS, and TLS is off here" : null;
  } catch (error) {
    return tls === null ? null : tlsFailure(error, tls);
  }
}

/** A second try, after a while: the far end may just have been about to end. */
async function again(greet: () => Promise<boolean>): Promise<boolean> {
  await pause(AGAIN_MS);
  return greet();
}

/** Whether the far end says anything before it closes. */
function greeting(socket: Socket): Promise<boolean> {
  return outcome(socket, "data");
}

/** Whether the far end takes part in a handshake. */
function handshake(socket: Socket): Promise<boolean> {
  return outcome(socket, "secureConnect");
}

/** Whether `event` comes before the socket closes; the socket is closed then. */
async function outcome(socket: Socket, event: "data" | "secureConnect"): Promise<boolean> {
  const seen = Promise.withResolvers<boolean>();
  socket.once(event, () => seen.resolve(true));
  socket.once("close", () => seen.resolve(false));
  socket.on("error", seen.reject);
  try {
    return await withDeadline("a sign of life", KNOCK_DEADLINE_MS, seen.promise);
  } finally {
    socket.destroy();
  }
}

/** The two halves of `host:port`; an IPv6 address stands in brackets. */
export function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon).replace(/^\[|\]$/g, "");
  return { host, port: Number(address.slice(colon + 1)) };
}
