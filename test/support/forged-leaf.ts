import { once } from "node:events";
import { connect } from "node:net";
import { withDeadline } from "../../core/index.ts";
import type { NatsUser } from "../../transport/index.ts";

/** A peer that speaks the protocol of leafs by hand, and sends what no leaf would. */
export interface ForgedLeaf extends AsyncDisposable {
  /** Asks to be sent what is published on a subject. */
  listen(subject: string): void;
  /** Publishes, naming a subject for the answer where given. */
  send(subject: string, body: string, reply?: string): void;
  /** What the hub has said, once it has read all that was sent before. */
  said(): Promise<string>;
}

const ANSWER_DEADLINE_MS = 10_000;

/** Dials a hub's listener for leafs as a user. */
export async function openForgedLeaf(port: number, { user, password }: NatsUser): Promise<ForgedLeaf> {
  const socket = connect({ port, host: "127.0.0.1" });
  let text = "";
  let isEnded = false;
  let asked = Promise.withResolvers<void>();
  socket.setEncoding("utf8");
  socket.on("data", (said: string) => {
    text += said;
    if (said.includes("PONG")) asked.resolve();
  });
  socket.on("error", () => {}); // "close" follows.
  socket.on("close", () => {
    isEnded = true;
    asked.resolve();
  });
  await once(socket, "data");
  const who = { user, pass: password, name: "forged", version: "2.15.2", protocol: 1, headers: true };
  socket.write(`CONNECT ${JSON.stringify(who)}\r\n`);
  return {
    listen: (subject) => void socket.write(`LS+ ${subject}\r\n`),
    send: (subject, body, reply) => {
      const to = reply === undefined ? subject : `${subject} ${reply}`;
      socket.write(`LMSG ${to} ${body.length}\r\n${body}\r\n`);
    },
    said: async () => {
      asked = Promise.withResolvers();
      if (!isEnded) socket.write("PING\r\n");
      if (!isEnded) await withDeadline("the hub to answer a leaf", ANSWER_DEADLINE_MS, asked.promise);
      return text;
    },
    [Symbol.asyncDispose]: async () => {
      socket.destroy();
      if (!isEnded) await once(socket, "close");
    },
  };
}
