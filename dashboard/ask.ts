import { useEffect, useRef, useState } from "preact/hooks";
import type { StatusView } from "./index.ts";

/** An answer that may not be there yet. */
export interface Asked<Value> {
  readonly value: Value | null;
  /** Why there is none, in a sentence. */
  readonly failure: string | null;
  readonly isLoading: boolean;
}

/** Asks the server. @throws {Error} with its sentence */
export async function ask<Value>(path: string, signal?: AbortSignal): Promise<Value> {
  const response = await fetch(`/api/${path}`, signal ? { signal } : {});
  const body: unknown = await response.json();
  if (!response.ok) throw new Error((body as { reason?: string }).reason ?? response.statusText);
  return body as Value;
}

/**
 * Asks whenever the path changes, and again whenever `version` does; what was there stays until the new answer is. Null
 * asks nothing.
 */
export function useAsked<Value>(path: string | null, version: number | string = 0): Asked<Value> {
  const [state, setState] = useState<Asked<Value> & { path: string | null }>({
    value: null,
    failure: null,
    isLoading: true,
    path: null,
  });
  useEffect(() => {
    if (path === null) return;
    const over = new AbortController();
    setState((before) => ({ ...before, isLoading: true }));
    ask<Value>(path, over.signal).then(
      (value) => setState({ value, failure: null, isLoading: false, path }),
      (error: Error) => {
        if (over.signal.aborted) return;
        setState((before) => ({ ...before, failure: error.message, isLoading: false }));
      },
    );
    return () => over.abort();
  }, [path, version]);
  return state;
}

/** What the run does now, and whether the server says so at this moment. */
export interface Live {
  readonly status: StatusView | null;
  readonly isConnected: boolean;
}

/** Follows the run by server-sent events; the browser dials again by itself. */
export function useLive(): Live {
  const [live, setLive] = useState<Live>({ status: null, isConnected: false });
  const source = useRef<EventSource | null>(null);
  useEffect(() => {
    const events = new EventSource("/api/events");
    source.current = events;
    events.addEventListener("status", (event) => {
      setLive({ status: JSON.parse((event as MessageEvent<string>).data) as StatusView, isConnected: true });
    });
    events.addEventListener("error", () => setLive((before) => ({ ...before, isConnected: false })));
    return () => events.close();
  }, []);
  return live;
}
