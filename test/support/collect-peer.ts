import type { CollectAnswer, CollectMessageInit } from "../../proto/index.ts";
import type { CollectLink } from "../../workers/index.ts";
import { turn } from "./turn.ts";

/** One stream of a collector, whose other end the test plays. */
export interface PeerStream {
  readonly link: CollectLink;
  readonly messages: CollectMessageInit[];
  received(count: number): Promise<void>;
  answer(answer: CollectAnswer): void;
  accept(task: string, sample: number): void;
  break(error: Error): void;
}

/** What a collector's streams lead to: nobody, until the peer comes. */
export function collectPeer() {
  const streams: PeerStream[] = [];
  let isThere = false;
  return {
    open: (): CollectLink => {
      if (!isThere) return unreachable();
      const stream = peerStream();
      streams.push(stream);
      return stream.link;
    },
    comeBack: () => {
      isThere = true;
    },
    /** The stream opened as number `index`, counted from 0, since the peer came. */
    stream: async (index: number): Promise<PeerStream> => {
      while (streams.length <= index) await turn();
      return streams[index] as PeerStream;
    },
  };
}

/** A stream that breaks at once. */
function unreachable(): CollectLink {
  const stream = peerStream();
  stream.break(new Error("nobody is there"));
  const send = () => Promise.reject(new Error("nobody is there"));
  return { ...stream.link, send };
}

function peerStream(): PeerStream {
  const messages: CollectMessageInit[] = [];
  const answers: CollectAnswer[] = [];
  let broken: Error | null = null;
  let closed = false;
  async function* read() {
    while (!closed) {
      if (broken) throw broken;
      yield* answers.splice(0);
      await turn();
    }
  }
  const answer = (given: CollectAnswer) => void answers.push(given);
  return {
    messages,
    link: {
      send: async (message) => void messages.push(message),
      answers: read(),
      [Symbol.asyncDispose]: async () => {
        closed = true;
      },
    },
    received: async (count) => {
      while (messages.length < count) await turn();
    },
    answer,
    accept: (task, sample) =>
      answer({ sample: { task, sample, outcome: "OUTCOME_ACCEPTED", reason: "", keepTrace: false } }),
    break: (error) => {
      broken = error;
    },
  };
}
