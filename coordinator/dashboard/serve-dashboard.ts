/**
 * The dashboard's server: the built page, what it asks for, and a stream of what changes. It only reads; what it
 * fails at never is a failure of the run.
 *
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { isIPv6 } from "node:net";
import { FleetError, pause, withDeadline } from "../../core/index.ts";
import type { Logger } from "../../telemetry/index.ts";
import { type AnswerParts, type AnswerQuestion, createAnswers } from "./answers.ts";
import { openArchiveReader } from "./archive/reader.ts";
import { type EventStream, openEventStream } from "./event-stream.ts";
import { isAskedByRightName, SAFE_HEADERS } from "./guard.ts";
import { createDashboardLink, openSessions, type Sessions } from "./sessions.ts";
import { type PageFile, readPage } from "./static-page.ts";

/** The dashboard's address cannot be listened on. */
export class DashboardAddressError extends FleetError {
  readonly code = "coordinator.dashboard_address";
  readonly disposition = "reject";
}

/** Where a dashboard listens, and who may look. */
export interface DashboardOptions {
  readonly host: string;
  /** 0: one that the system picks. */
  readonly port: number;
  /** Whether it must be this port; else another is taken where this one is in use. */
  readonly isFixed: boolean;
  /** The run's token, which links are made with. */
  readonly secret: string;
  /** File of the links that were followed; null: none is kept. */
  readonly usedLinks: string | null;
  /** Folder of the built page. */
  readonly page: string;
  /** Told the address once it answers. */
  onListening(at: { readonly host: string; readonly port: number }): Promise<void>;
}

/** What a dashboard shows, and what it is not told by the run itself. */
export interface DashboardParts extends Omit<AnswerParts, "reader"> {
  /** Folder of the archive. */
  readonly archive: string;
  readonly logger: Pick<Logger, "info" | "warn">;
}

/** A dashboard that answers. Disposing closes every connection. */
export interface Dashboard extends AsyncDisposable {
  readonly url: string;
  /** A link that one browser can follow once. */
  link(): string;
  /** Tells open pages how it is now, and leaves them a moment to ask for the rest; none where nobody looks. */
  lastLook(stop: AbortSignal): Promise<void>;
}

const MOST_BODY_BYTES = 4_096;
const CLOSE_DEADLINE_MS = 5_000;
const LAST_LOOK_MS = 1_500;

/** Opens the dashboard of a run. @throws {DashboardAddressError} where it cannot listen */
export async function openDashboard(options: DashboardOptions, parts: DashboardParts): Promise<Dashboard> {
  await using opening = new AsyncDisposableStack();
  const reader = opening.use(openArchiveReader(parts.archive));
  const sessions = await openSessions(parts.source.run, options.secret, options.usedLinks);
  const events = opening.use(openEventStream(parts.source.status));
  const serving: Serving = {
    host: options.host,
    page: await readPage(options.page),
    sessions,
    events,
    answer: createAnswers({ ...parts, reader }),
    logger: parts.logger,
  };
  const server = createServer((request, response) => {
    serve(serving, request, response).catch((error: unknown) => {
      parts.logger.warn("the dashboard could not answer", { error, path: request.url?.split("?")[0] });
      if (response.headersSent) response.destroy();
      else sendJson(response, 500, { reason: "this could not be answered: the coordinator's log says why" });
    });
  });
  const port = await listen(server, options);
  opening.defer(() => close(server));
  await options.onListening({ host: options.host, port });
  const url = dashboardUrl({ host: options.host, port });
  const open = opening.move();
  return {
    url,
    link: () => createDashboardLink(url, options.secret),
    lastLook: async (stop) => {
      if (events.tell() > 0) await pause(LAST_LOOK_MS, stop);
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** Where a dashboard is looked at; one that listens everywhere by the host's own loopback. */
export function dashboardUrl({ host, port }: { readonly host: string; readonly port: number }): string {
  const named = host === "0.0.0.0" || host === "::" ? "localhost" : host;
  return `http://${isIPv6(named) ? `[${named}]` : named}:${port}`;
}

interface Serving {
  readonly host: string;
  readonly page: ReadonlyMap<string, PageFile>;
  readonly sessions: Sessions;
  readonly events: EventStream;
  readonly answer: AnswerQuestion;
  readonly logger: DashboardParts["logger"];
}

async function serve(serving: Serving, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { page, host } = serving;
  for (const [name, value] of Object.entries(SAFE_HEADERS)) response.setHeader(name, value);
  if (!isAskedByRightName(request, host)) {
    return sendText(response, 421, "this address is not a name of this server");
  }
  const url = URL.parse(request.url ?? "/", "http://dashboard");
  if (url === null) return sendText(response, 400, "this is no address");
  const file = page.get(url.pathname);
  if (file !== undefined && request.method === "GET") return sendFile(request, response, file);
  response.setHeader("cache-control", "no-store");
  if (url.pathname === "/api/session" && request.method === "POST") {
    return exchangeLink(serving.sessions, request, response);
  }
  if (url.pathname.startsWith("/api/") && request.method === "GET") {
    return serveQuestion(serving, url, request, response);
  }
  sendText(response, 404, "there is nothing here");
}

async function serveQuestion(
  { sessions, events, answer }: Serving,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!sessions.isSignedIn(request.headers.cookie)) {
    return sendJson(response, 401, { reason: 'not signed in: "fleet status" prints a link that signs in' });
  }
  if (url.pathname === "/api/events") return events.add(response);
  const answered = await answer(url.pathname.slice("/api/".length), url.searchParams);
  if (answered.status === 200) sendJson(response, 200, answered.value);
  else sendJson(response, answered.status, { reason: answered.reason });
}

async function exchangeLink(
  sessions: Sessions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const link = await readBody(request);
  const value = link === null ? null : await sessions.exchange(link);
  if (value === null) {
    return sendJson(response, 403, {
      reason: 'this link was used before, or is too old: "fleet status" prints a new one',
    });
  }
  response.setHeader("set-cookie", sessions.cookieOf(value));
  sendJson(response, 200, {});
}

/** Null where it is longer than a link is. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  let text = "";
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > MOST_BODY_BYTES) return null;
  }
  return text;
}

function sendFile(request: IncomingMessage, response: ServerResponse, file: PageFile): void {
  const takesGzip = /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""));
  response.writeHead(200, {
    "content-type": file.type,
    "cache-control": file.isImmutable ? "public, max-age=31536000, immutable" : "no-cache",
    vary: "accept-encoding",
    ...(takesGzip && { "content-encoding": "gzip" }),
  });
  response.end(takesGzip ? file.gzipped : file.body);
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8" });
  response.end(JSON.stringify(value));
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end(`${text}\n`);
}

async function listen(server: Server, { host, port, isFixed }: DashboardOptions): Promise<number> {
  const at = (wanted: number) =>
    new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host, port: wanted, exclusive: true }, () => {
        server.off("error", reject);
        resolve();
      });
    });
  await at(port).catch(async (cause: NodeJS.ErrnoException) => {
    if (!isFixed && cause.code === "EADDRINUSE") return at(0);
    throw new DashboardAddressError(
      `the dashboard cannot listen on port ${port} of ${host}: ${cause.code === "EADDRINUSE" ? "another process does" : cause.message}`,
      { cause },
    );
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await withDeadline("the dashboard to close", CLOSE_DEADLINE_MS, closed).catch(() => {});
}
