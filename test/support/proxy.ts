/**
 * A bad network between two real parts: a TCP relay that can be slow, narrow, deaf, or cut a connection wherever it is.
 *
 * @module
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { pause } from "../../core/index.ts";

/** What happens to the bytes of the connections that it is about; each call replaces what was before. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections that it carries now. */
  readonly connections: number;
  /** Connections that `resetAfter` has ended. */
  readonly resets: number;
  /** Where new connections lead. */
  leadTo(port: number): void;
  /** Bytes take this long, each way. */
  delay(ms: number): void;
  /** This many bytes a second, each way. */
  throttle(bytesPerSecond: number): void;
  /** Packets are lost and sent again: nothing passes until `heal`, and then everything does. */
  stall(): void;
  /** A partition: bytes vanish. A connection that lost some is reset by `heal`, as by a peer that forgot it. */
  partition(): void;
  /** All is well again. */
  heal(): void;
  /** Ends all connections as a peer that closes. */
  cut(): void;
  /** Ends all connections with a reset. */
  reset(): void;
  /** Until `heal` each connection, now and later, is reset when its dialler has sent so many more bytes. */
  resetAfter(bytes: number): void;
}

const HOST = "127.0.0.1";

/** How the bytes are treated. */
interface Weather {
  readonly delayMs: number;
  readonly bytesPerSecond: number;
  readonly passes: "all" | "later" | "nothing";
}

/** One connection through the proxy. */
interface Link {
  readonly near: Socket;
  readonly far: Socket;
  /** Whether the weather is about it. */
  treated: boolean;
  /** Bytes of the dialler until it is reset. */
  bytesLeft: number;
  hasLost: boolean;
}

const FAIR: Weather = { delayMs: 0, bytesPerSecond: Number.POSITIVE_INFINITY, passes: "all" };
/** Bytes under way, each way, before the sender is not read any more. */
const UNDER_WAY_AT_MOST = 4 * 2 ** 20;

/**
 * Opens a proxy on a port that the system picks.
 *
 * @param affects - which connections are treated, by what their dialler says first ("" before that); all unless given
 */
export async function openProxy(
  target: number,
  affects: (greeting: string) => boolean = () => true,
): Promise<TcpProxy> {
  const links = new Set<Link>();
  const treated = () => [...links].filter((link) => link.treated);
  let weather = FAIR;
  let changed = Promise.withResolvers<void>();
  let leadsTo = target;
  let bytesEach = Number.POSITIVE_INFINITY;
  let resets = 0;

  function lookUp(): void {
    changed.resolve();
    changed = Promise.withResolvers();
  }

  function become(next: Weather): void {
    weather = next;
    lookUp();
  }

  function limit(bytes: number): void {
    bytesEach = bytes;
    for (const link of treated()) link.bytesLeft = bytes;
  }

  function write(link: Link, to: Socket, bytes: Buffer): void {
    if (to.destroyed) return;
    if (to === link.near || !link.treated) return void to.write(bytes);
    const arriving = bytes.subarray(0, link.bytesLeft);
    link.bytesLeft -= arriving.byteLength;
    to.write(arriving, () => {
      if (link.bytesLeft > 0 || to.destroyed) return;
      resets += 1;
      reset(link);
    });
  }

  /** Lets bytes through as the weather is when it is their turn; false when they are lost. */
  async function arrive(link: Link, length: number, sentAt: number): Promise<boolean> {
    if (weather.delayMs > 0) await pause(Math.max(0, sentAt + weather.delayMs - performance.now()));
    while (weather.passes === "later" && !link.near.destroyed) await changed.promise;
    if (weather.passes === "nothing") link.hasLost = true;
    if (weather.bytesPerSecond < Number.POSITIVE_INFINITY) {
      await pause((1_000 * length) / weather.bytesPerSecond);
    }
    return !link.hasLost;
  }

  function relay(from: Socket, to: Socket, link: Link): void {
    let underWay = 0;
    let turn: Promise<void> = Promise.resolve();
    if (from === link.near) {
      from.once("data", (bytes) => {
        link.treated = affects(bytes.toString("latin1"));
      });
    }
    from.on("data", (bytes) => {
      const sentAt = performance.now();
      underWay += bytes.byteLength;
      if (underWay > UNDER_WAY_AT_MOST) from.pause();
      turn = turn.then(async () => {
        const arrives = !link.treated || (await arrive(link, bytes.byteLength, sentAt));
        underWay -= bytes.byteLength;
        if (underWay <= UNDER_WAY_AT_MOST) from.resume();
        if (arrives) write(link, to, bytes);
      });
    });
    from.on("end", () => {
      turn = turn.then(() => void (link.hasLost || to.end()));
    });
    from.on("error", () => to.resetAndDestroy());
    from.on("close", () => {
      links.delete(link);
      if (!link.hasLost) to.destroy();
      lookUp();
    });
  }

  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ port: leadsTo, host: HOST, allowHalfOpen: true });
    const link = {
      near,
      far,
      treated: affects(""),
      bytesLeft: bytesEach,
      hasLost: false,
    };
    links.add(link);
    relay(near, far, link);
    relay(far, near, link);
  });
  server.listen(0, HOST);
  await once(server, "listening");

  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return treated().length;
    },
    get resets() {
      return resets;
    },
    leadTo: (port) => {
      leadsTo = port;
    },
    delay: (delayMs) => become({ ...FAIR, delayMs }),
    throttle: (bytesPerSecond) => become({ ...FAIR, bytesPerSecond }),
    stall: () => become({ ...FAIR, passes: "later" }),
    partition: () => become({ ...FAIR, passes: "nothing" }),
    heal: () => {
      become(FAIR);
      limit(Number.POSITIVE_INFINITY);
      for (const link of treated()) if (link.hasLost) reset(link);
    },
    cut: () => {
      for (const { near, far } of treated()) {
        near.end();
        far.end();
      }
    },
    reset: () => treated().forEach(reset),
    resetAfter: limit,
    [Symbol.asyncDispose]: async () => {
      become(FAIR);
      for (const link of links) reset(link);
      server.close();
      await once(server, "close");
    },
  };
}

function reset({ near, far }: Link): void {
  near.resetAndDestroy();
  far.resetAndDestroy();
}
