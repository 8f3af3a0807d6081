import { connect } from "node:net";

const LISTENING_DEADLINE_MS = 2_000;

/** Whether somebody accepts connections there. */
export function isListening({
  host,
  port,
}: {
  readonly host: string;
  readonly port: number;
}): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: LISTENING_DEADLINE_MS });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}
