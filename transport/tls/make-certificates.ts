import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIP, isIPv4 } from "node:net";
import { bits, integer, octets, oid, sequence, set, tagged, taggedBytes, time, utf8, yes } from "./der.ts";

/** A certificate and its key, PEM. */
export interface Issued {
  readonly certificate: string;
  readonly key: string;
}

/** What one run needs: whom to trust, and an identity for each end of its links. */
export interface RunCertificates {
  readonly ca: string;
  readonly server: Issued;
  readonly client: Issued;
}

const CA_NAME = "rollout-fleet run";
const DAY_MS = 86_400_000;
/** The clocks of two machines differ. */
const BACKDATED_DAYS = 1;
const VALID_DAYS = 3_650;

const ECDSA_WITH_SHA256 = sequence(oid("1.2.840.10045.4.3.2"));
const SERVER_AUTH = oid("1.3.6.1.5.5.7.3.1");
const CLIENT_AUTH = oid("1.3.6.1.5.5.7.3.2");
const VERSION_3 = tagged(0, integer(Buffer.from([2])));
const IS_CA = extension("2.5.29.19", sequence(yes, integer(Buffer.from([0]))), true);
const IS_NO_CA = extension("2.5.29.19", sequence(), true);
const SIGNS_CERTIFICATES = extension("2.5.29.15", bits(Buffer.from([0x04]), 2), true);
const SIGNS_HANDSHAKES = extension("2.5.29.15", bits(Buffer.from([0x80]), 7), true);

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/**
 * Makes a CA and a certificate for each end, on the curve P-256. The CA's key is forgotten at once, so that nobody can
 * make another certificate.
 *
 * @param hosts - names and addresses at which the servers are reached
 * @param validDays - from now, for the certificates of both ends; negative: they have expired
 * @see RFC 5280
 */
export function makeCertificates(hosts: readonly string[], validDays = VALID_DAYS): RunCertificates {
  const caKeys = newKeys();
  const certify = (name: string, { publicKey }: KeyPair, days: number, extensions: readonly Buffer[]) =>
    certificateOf(name, publicKey, days, caKeys, extensions);
  const issue = (name: string, ...extensions: readonly Buffer[]): Issued => {
    const keys = newKeys();
    const certificate = certify(name, keys, validDays, [IS_NO_CA, SIGNS_HANDSHAKES, ...extensions]);
    return { certificate, key: keys.privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
  };
  return {
    ca: certify(CA_NAME, caKeys, VALID_DAYS, [IS_CA, SIGNS_CERTIFICATES]),
    server: issue("server", usedFor(SERVER_AUTH), alternativeNames(hosts)),
    client: issue("client", usedFor(CLIENT_AUTH)),
  };
}

function newKeys(): KeyPair {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

function certificateOf(
  subject: string,
  publicKey: KeyObject,
  validDays: number,
  ca: KeyPair,
  extensions: readonly Buffer[],
): string {
  const now = Date.now();
  const signed = sequence(
    VERSION_3,
    integer(serialNumber()),
    ECDSA_WITH_SHA256,
    named(CA_NAME),
    sequence(
      time(new Date(now + (Math.min(validDays, 0) - BACKDATED_DAYS) * DAY_MS)),
      time(new Date(now + validDays * DAY_MS)),
    ),
    named(subject),
    publicKey.export({ type: "spki", format: "der" }),
    tagged(
      3,
      sequence(
        ...extensions,
        extension("2.5.29.14", octets(keyId(publicKey))),
        extension("2.5.29.35", sequence(taggedBytes(0, keyId(ca.publicKey)))),
      ),
    ),
  );
  const whole = sequence(signed, ECDSA_WITH_SHA256, bits(sign("sha256", signed, ca.privateKey)));
  const lines = whole.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

function extension(id: string, value: Buffer, isCritical = false): Buffer {
  return sequence(oid(id), ...(isCritical ? [yes] : []), octets(value));
}

function named(commonName: string): Buffer {
  return sequence(set(sequence(oid("2.5.4.3"), utf8(commonName))));
}

function usedFor(purpose: Buffer): Buffer {
  return extension("2.5.29.37", sequence(purpose));
}

function alternativeNames(hosts: readonly string[]): Buffer {
  const names = hosts.map((host) =>
    isIP(host) === 0 ? taggedBytes(2, Buffer.from(host)) : taggedBytes(7, addressBytes(host)),
  );
  return extension("2.5.29.17", sequence(...names));
}

/** The 4 or 16 bytes of an address. */
function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split(".").map(Number));
  const [head = "", tail] = address.split("::");
  const groups = (part: string) => (part === "" ? [] : part.split(":"));
  const left = groups(head);
  const right = groups(tail ?? "");
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => "0");
  return Buffer.from([...left, ...zeros, ...right].map((group) => group.padStart(4, "0")).join(""), "hex");
}

/** Of the subject's key, RFC 5280, section 4.2.1.2. */
function keyId(key: KeyObject): Buffer {
  return createHash("sha1")
    .update(key.export({ type: "spki", format: "der" }))
    .digest();
}

/** 126 random bits: positive, and never the same twice. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}
