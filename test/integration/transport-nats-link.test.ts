import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { createRunSecrets, NatsUnusableError, openNats } from "../../transport/index.ts";
import { linkOptions, openBareServer, untilAnswers, userLines } from "../support/bare-server.ts";
import { openTestNats } from "../support/nats.ts";
import { openProxy } from "../support/proxy.ts";

describe("a link", () => {
  test("says that nobody listens, and that a password is wrong, in one sentence each", async () => {
    await using nats = await openTestNats({ streams: false });
    const worker = { ...nats.secrets.users.worker, name: "test" };

    await expect(openNats({ ...worker, url: "nats://127.0.0.1:1" })).rejects.toThrow(
      /^no nats-server answers at nats:\/\/127\.0\.0\.1:1: /,
    );
    await expect(openNats({ ...worker, url: nats.url, password: "guess" })).rejects.toThrow(
      new NatsUnusableError(`nats-server at ${nats.url} does not accept the user "worker"`),
    );
  });

  test("that says too late who it is is dialled again", async () => {
    await using server = await openBareServer(
      "strict",
      (folder) =>
        `authorization { timeout: 0.5 }\njetstream { store_dir: "${folder}", sync_interval: always }\n${userLines(false)}`,
    );
    await untilAnswers(server);
    await using proxy = await openProxy(Number(new URL(server.url).port));
    proxy.delay(800);
    const opening = openNats(linkOptions(`nats://127.0.0.1:${proxy.port}`));
    await expect.poll(() => proxy.connections, { timeout: 10_000 }).toBeGreaterThan(0);
    await expect.poll(() => proxy.connections, { timeout: 10_000, interval: 10 }).toBe(0);

    proxy.heal();

    await using link = await opening;
    expect(link.connection.isClosed()).toBe(false);
  });

  test("to a server that is too old is refused with the version it has", async () => {
    await using old = await openOldServer("2.9.25");
    const worker = { ...createRunSecrets().users.worker, name: "test" };

    await expect(openNats({ ...worker, url: old.url })).rejects.toThrow(
      new NatsUnusableError(`nats-server at ${old.url} is version 2.9.25, 2.14 or newer is needed`),
    );
  });

  test("leaves no socket behind", async () => {
    await using nats = await openTestNats({ streams: false });
    const sockets = () => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
    const before = sockets();
    const link = await nats.link("worker");

    await link[Symbol.asyncDispose]();

    await expect.poll(sockets).toBe(before);
  });

  test("comes back by itself after the server was killed and started again", async () => {
    await using nats = await openTestNats({ streams: false });
    const states: string[] = [];
    await using link = await openNats({
      url: nats.url,
      ...nats.secrets.users.coordinator,
      name: "test",
      onChange: (state) => states.push(state),
    });

    await nats.kill();
    await nats.restart();
    await expect.poll(() => states, { timeout: 10_000 }).toEqual(["lost", "back"]);

    await link.connection.flush();
  });

  test("can be closed twice", async () => {
    await using nats = await openTestNats({ streams: false });
    const link = await nats.link("worker");

    await link[Symbol.asyncDispose]();
    await link[Symbol.asyncDispose]();
  });
});

/** As much of a nats-server as a client sees before it is told the version. */
async function openOldServer(version: string): Promise<AsyncDisposable & { readonly url: string }> {
  const info = { server_id: "old", version, headers: true, max_payload: 1024, proto: 1 };
  const server = createServer((socket) => {
    socket.write(`INFO ${JSON.stringify(info)}\r\n`);
    socket.on("data", (data) => data.includes("PING") && socket.write("PONG\r\n"));
    socket.on("error", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `nats://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, "close");
    },
  };
}
