import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { PageProps } from "../app.tsx";
import { type Asked, useAsked } from "../ask.ts";
import type { Facets, RolloutPage as Page, RolloutRow } from "../index.ts";
import { useKeys } from "../keys.ts";
import { count } from "../numbers.ts";
import { Pager } from "../parts/pager.tsx";
import { RolloutTable } from "../parts/rollout-table.tsx";
import { go, type Route, withQuery } from "../route.ts";
import { RolloutFilters } from "./rollout-filters.tsx";

const SIZE = 50;

/** The list that a rollout was opened from, so that j and k lead on from it. */
let lastList: readonly number[] = [];
let lastAddress = "/rollouts";

/** The rollout before or after one in the list it was opened from; null at its ends. */
export function neighbour(sequence: number, by: 1 | -1): number | null {
  const at = lastList.indexOf(sequence);
  return at < 0 ? null : (lastList[at + by] ?? null);
}

/** Where the list is that a rollout was opened from. */
export function listAddress(): string {
  return lastAddress;
}

/** All rollouts: filtered, sorted, searched. */
export function RolloutsPage({ route, live }: PageProps) {
  const isSearch = route.query.has("text");
  const newest = live.status?.newest ?? 0;
  const [taken, setTaken] = useState(newest);
  const [turn, setTurn] = useState(0);
  const { value: facets } = useAsked<Facets>("facets", turn);
  const asked = useAsked<Page>(pathOf(route), turn);
  const shown = isSearch ? answerTo(pathOf(route), asked) : asked;
  const found = useSearch(route, isSearch ? shown.value : null);
  const rows = isSearch ? found.rows : (shown.value?.rows ?? []);
  const [at, setAt] = useState(-1);
  // What keys act on: a second key may come before the first is drawn.
  const place = useRef({ rows, at });
  place.current.rows = rows;
  const move = (to: number) => {
    place.current.at = to;
    setAt(to);
  };
  const takeIn = () => {
    setTaken(newest);
    setTurn(turn + 1);
  };
  useEffect(() => {
    setTaken(newest);
    move(-1);
  }, [route, newest > 0]);
  lastList = rows.map(({ sequence }) => sequence);
  lastAddress = withQuery(route, {});
  useKeys(useMemo(() => keysFor(place.current, move, takeIn), [turn, newest]));
  return (
    <>
      <h1>Rollouts</h1>
      <RolloutFilters route={route} facets={facets} />
      <p class="quiet result" aria-live="polite">
        {resultOf(shown, isSearch ? found : null)}
        {newest > taken && (
          <button type="button" onClick={takeIn} title="r">
            {count(newest - taken)} new
          </button>
        )}
      </p>
      {rows.length > 0 && <RolloutTable rows={rows} chosen={at} {...orderOf(route, isSearch)} />}
      {isSearch ? <Further found={found} /> : <Pages route={route} page={asked.value} />}
    </>
  );
}

/** What the list is in the order of, and how that is changed; what a search finds comes as it is found. */
function orderOf(route: Route, isSearch: boolean) {
  const order = route.query.get("order") ?? "desc";
  if (isSearch) return { sort: "", order, onSort: null };
  return {
    sort: route.query.get("sort") ?? "sequence",
    order,
    onSort: (sort: string, to: string) => go(withQuery(route, { sort, order: to, from: "" })),
  };
}

/** Hits of a search are never those of another: nothing until its own answer is there. */
function answerTo(path: string, asked: Asked<Page>): Asked<Page> {
  return asked.path === path ? asked : { ...asked, value: null, failure: null };
}

function resultOf({ value, failure, isLoading }: Asked<Page>, found: Search | null): string {
  if (failure !== null) return failure;
  if (value === null) return "loading …";
  const late =
    value.notYet === 0 ? "" : `; ${count(value.notYet)} older ones are on their way into the archive`;
  const all =
    found === null
      ? `${count(value.total ?? 0)} of ${count(value.of)} rollouts`
      : `${count(found.rows.length)} found among the newest ${count(found.searched)} of ${count(value.of)}`;
  return `${all}${late}${isLoading ? " …" : ""}`;
}

function Further({ found: { next, isLooking, failure, goOn } }: { readonly found: Search }) {
  if (next === null) return null;
  return (
    <p>
      <button type="button" onClick={goOn} disabled={isLooking}>
        {isLooking ? "looking …" : "look further back"}
      </button>{" "}
      {failure}
    </p>
  );
}

function Pages({ route, page }: { readonly route: Route; readonly page: Page | null }) {
  if (page === null) return null;
  const onGo = (from: number) => go(withQuery(route, { from: from === 0 ? "" : String(from) }));
  return (
    <Pager from={Number(route.query.get("from") ?? 0)} size={SIZE} total={page.total ?? 0} onGo={onGo} />
  );
}

function pathOf({ query }: Route, before?: number): string {
  const asked = new URLSearchParams(query);
  asked.set("limit", String(SIZE));
  if (before !== undefined) asked.set("before", String(before));
  return `rollouts?${asked}`;
}

function keysFor(
  place: { readonly rows: readonly RolloutRow[]; readonly at: number },
  move: (to: number) => void,
  takeIn: () => void,
) {
  const open = () => {
    const row = place.rows[place.at];
    if (row !== undefined) go(`/rollouts/${row.sequence}`);
  };
  return {
    j: () => move(Math.min(place.rows.length - 1, place.at + 1)),
    k: () => move(Math.max(0, place.at - 1)),
    Enter: open,
    o: open,
    r: takeIn,
    "/": () => document.querySelector<HTMLInputElement>("#text")?.focus(),
  };
}

interface Search {
  readonly rows: readonly RolloutRow[];
  readonly searched: number;
  /** Where to look on; null at the end. */
  readonly next: number | null;
  readonly isLooking: boolean;
  /** Why looking on gave nothing. */
  readonly failure: string | null;
  goOn(): void;
}

/** A search of texts: the first answer, and what further looks add to it. */
function useSearch(route: Route, first: Page | null): Search {
  const [more, setMore] = useState<readonly Page[]>([]);
  const [before, setBefore] = useState<number | null>(null);
  const { value, failure } = useAsked<Page>(before === null ? null : pathOf(route, before));
  useEffect(() => {
    setMore([]);
    setBefore(null);
  }, [first]);
  useEffect(() => {
    if (value !== null) setMore((pages) => [...pages, value]);
  }, [value]);
  useEffect(() => {
    if (failure !== null) setBefore(null); // It may be asked again.
  }, [failure]);
  const pages = first === null ? [] : [first, ...more];
  const next = pages.at(-1)?.searched?.next ?? null;
  const isLooking = before !== null && before === next;
  const isFruitless = pages.every(({ rows }) => rows.length === 0);
  useEffect(() => {
    // As long as nothing is found it goes on by itself.
    if (isFruitless && failure === null && next !== null && before !== next) setBefore(next);
  }, [isFruitless, next, before, failure]);
  return {
    rows: pages.flatMap((page) => page.rows),
    searched: pages.at(-1)?.searched?.rollouts ?? 0,
    next,
    isLooking,
    failure,
    goOn: () => setBefore(next),
  };
}
