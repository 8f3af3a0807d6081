import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type ClientTls,
  createLedgerLog,
  openFleetClient,
  openNats,
  type ServerTls,
  serveFleet,
} from "../../transport/index.ts";
import { openCertificates, type TestCertificates } from "../support/certificates.ts";
import { handlersThat } from "../support/fleet-handlers.ts";
import { TOKEN } from "../support/fleet-over-grpc.ts";
import { openTestNats } from "../support/nats.ts";
import { bytes } from "../support/utf8.ts";

/** Well below the deadline of the calls, which would end them too, but without the cause. */
const SOON_MS = 8_000;
const TEST_MS = 40_000;

let ours: TestCertificates;
let foreign: TestCertificates;
let expired: TestCertificates;
beforeAll(async () => {
  [ours, foreign, expired] = await Promise.all([
    openCertificates(),
    openCertificates(),
    openCertificates(-2),
  ]);
});
afterAll(async () => {
  await Promise.all([ours, foreign, expired].map((certificates) => certificates[Symbol.asyncDispose]()));
});

interface Refusal {
  readonly title: string;
  readonly server: () => ServerTls | null;
  readonly client: () => ClientTls | null;
  readonly cause: string;
}

const REFUSALS: readonly Refusal[] = [
  {
    title: "a certificate of another CA",
    server: () => foreign.server,
    client: () => ours.nameless,
    cause: "its certificate is not of the CA that is trusted here",
  },
  {
    title: "an expired certificate",
    server: () => expired.server,
    client: () => expired.nameless,
    cause: "its certificate has expired",
  },
  {
    title: "plain text, where TLS is on here",
    server: () => null,
    client: () => ours.nameless,
    cause: "it speaks plain text, and TLS is on here",
  },
  {
    title: "TLS, where it is off here",
    server: () => ours.server,
    client: () => null,
    cause: "it speaks TLS, and TLS is off here",
  },
  {
    title: "a demand for a certificate, where none is shown here",
    server: () => ours.mutual,
    client: () => ours.nameless,
    cause: "it asks for a client certificate, and none is shown here",
  },
];

const serve = (tls: ServerTls | null) =>
  serveFleet({
    host: "127.0.0.1",
    port: 0,
    token: TOKEN,
    tls,
    handlers: handlersThat({ status: async () => ({ step: 7 }) }),
    graceMs: 1_000,
  });

describe("gRPC", { timeout: TEST_MS }, () => {
  test.each([
    ["TLS", () => ours.server, () => ours.nameless],
    ["mutual TLS", () => ours.mutual, () => ours.client],
  ] as const)("passes calls over %s", async (_, server, client) => {
    await using served = await serve(server());
    const address = `127.0.0.1:${served.port}`;
    await using caller = openFleetClient({ address, token: TOKEN, tls: client(), name: "test" });

    expect((await caller.status()).step).toBe(7);
  });

  test.each(REFUSALS)("names address and cause when it meets $title", async ({ server, client, cause }) => {
    await using served = await serve(server());
    const address = `127.0.0.1:${served.port}`;
    await using caller = openFleetClient({ address, token: TOKEN, tls: client(), name: "test" });
    const started = performance.now();

    await expect(caller.status()).rejects.toThrow(`no link to ${address}: ${cause}`);
    expect(performance.now() - started).toBeLessThan(SOON_MS);
  });

  test("accepts no client certificate of another CA", async () => {
    await using served = await serve(ours.mutual);
    const { ca } = ours.nameless;
    const { identity } = foreign.client;
    const address = `127.0.0.1:${served.port}`;
    await using caller = openFleetClient({ address, token: TOKEN, tls: { ca, identity }, name: "test" });

    await expect(caller.status()).rejects.toThrow(
      `no link to ${address}: it does not accept the client certificate that is shown here`,
    );
  });
});

describe("NATS", { timeout: TEST_MS }, () => {
  test.each([
    ["TLS", () => ours.server, () => ours.nameless],
    ["mutual TLS", () => ours.mutual, () => ours.client],
  ] as const)("stores messages over %s", async (_, server, client) => {
    await using nats = await openTestNats({ tls: { server: server(), client: client() } });
    const ledger = createLedgerLog(await nats.link("coordinator"), nats.run);

    expect(nats.url).toMatch(/^tls:/);
    expect(await ledger.append(bytes("event"), 0)).toBe(1);
  });

  // nats-server may have closed before its alert is read: another attempt, as its callers make it, names the cause.
  test.each(REFUSALS)(
    "names address and cause when it meets $title",
    { retry: 5 },
    async ({ server, client, cause }) => {
      const tls = server();
      await using nats = await openTestNats({
        streams: false,
        ...(tls !== null && { tls: { server: tls, client: ours.client } }),
      });
      const user = nats.secrets.users.worker;
      const started = performance.now();

      await expect(openNats({ url: nats.url, ...user, tls: client(), name: "test" })).rejects.toThrow(
        `no link to nats-server at ${nats.url}: ${cause}`,
      );
      expect(performance.now() - started).toBeLessThan(SOON_MS);
    },
  );

  test("accepts no client certificate of another CA", async () => {
    await using nats = await openTestNats({
      streams: false,
      tls: { server: ours.mutual, client: ours.client },
    });
    const tls = { ca: ours.client.ca, identity: foreign.client.identity };

    await expect(
      openNats({ url: nats.url, ...nats.secrets.users.worker, tls, name: "test" }),
    ).rejects.toThrow("it does not accept the client certificate that is shown here");
  });
});
