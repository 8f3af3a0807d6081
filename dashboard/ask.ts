import { useEffect, useRef, useState } from "preact/hooks";
import type { StatusView } from "./index.ts";

/** An answer that may not be there yet. */
export interface Asked<Value> {
  readonly value: Value | null;
  /** Why there is none, in a sentence. */
  readonly failure: string | null;
  readonly isLoading: boolean;
  /** What it is the answer to; null before the first. */
  readonly path: string | null;
}

/** Asks the server. @throws {Error} with its sentence */
export async function ask<Value>(path: string, signal?: AbortSignal): Promise<Value> {
  const response = await fetch(`/api/${path}`, signal ? { signal } : {});
  if (!response.ok) throw new Error(await reasonOf(response));
  return (await response.json()) as Value;
}

/** Why an answer is none: the server's sentence, or what stands between says it. */
export async function reasonOf(response: Response): Promise<string> {
  const body = (await response.json().catch(() => null)) as { readonly reason?: string } | null;
  return body?.reason ?? `it was answered with ${response.status} ${response.statusText}`.trim();
}

/**
 * Asks whenever the path changes, and again whenever `version` does, once the question before is answered: however often
 * it changes, each answer arrives. What was there stays until the new answer is. Null asks nothing.
 */
export function useAsked<Value>(path: string | null, version: number | string = 0): Asked<Value> {
  const [state, setState] = useState<Asked<Value>>({
    value: null,
    failure: null,
    isLoading: true,
    path: null,
  });
  const [turn, setTurn] = useState(0);
  const asking = useRef<{ readonly path: string; readonly over: AbortController } | null>(null);
  const isStale = useRef(false);
  useEffect(() => {
    if (path === null) return;
    if (asking.current?.path === path) {
      isStale.current = true;
      return;
    }
    asking.current?.over.abort();
    const own = { path, over: new AbortController() };
    asking.current = own;
    isStale.current = false;
    setState((before) => ({ ...before, isLoading: true }));
    const done = (answer: (before: Asked<Value>) => Asked<Value>) => {
      if (own.over.signal.aborted) return;
      asking.current = null;
      setState(answer);
      if (isStale.current) setTurn((before) => before + 1);
    };
    ask<Value>(path, own.over.signal).then(
      (value) => done(() => ({ value, failure: null, isLoading: false, path })),
      (error: Error) => done((before) => ({ ...before, failure: error.message, isLoading: false, path })),
    );
  }, [path, version, turn]);
  useEffect(() => () => asking.current?.over.abort(), []);
  return state;
}

/** What the run does now, and whether the server says so at this moment. */
export interface Live {
  readonly status: StatusView | null;
  readonly isConnected: boolean;
  /** Why it does not, where the server says so; "" where it is not there. */
  readonly refusal: string;
}

/** Time after which a connection that the browser gave up is dialled again. */
const REDIAL_MS = 2_000;

/**
 * Follows the run by server-sent events while the page can be seen: browsers have few connections for each host, and a page
 * that nobody sees must not hold one.
 */
export function useLive(): Live {
  const [live, setLive] = useState<Live>({ status: null, isConnected: false, refusal: "" });
  useEffect(() => {
    let events: EventSource | null = null;
    let timer = 0;
    const lose = (refusal: string) => setLive((before) => ({ ...before, isConnected: false, refusal }));
    const dial = () => {
      window.clearTimeout(timer);
      events?.close();
      const source = new EventSource("/api/events");
      events = source;
      source.addEventListener("status", (event) => {
        const status = JSON.parse((event as MessageEvent<string>).data) as StatusView;
        setLive({ status, isConnected: true, refusal: "" });
      });
      source.addEventListener("error", () => {
        if (source.readyState !== EventSource.CLOSED) return lose(""); // The browser dials again.
        fetch("/api/status")
          .then(async (response) => lose(response.status === 401 ? await reasonOf(response) : ""))
          .catch(() => lose(""));
        timer = window.setTimeout(dial, REDIAL_MS);
      });
    };
    const look = () => {
      if (!document.hidden) return dial();
      window.clearTimeout(timer);
      events?.close();
    };
    document.addEventListener("visibilitychange", look);
    look();
    return () => {
      document.removeEventListener("visibilitychange", look);
      window.clearTimeout(timer);
      events?.close();
    };
  }, []);
  return live;
}
