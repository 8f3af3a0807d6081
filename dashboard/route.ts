import { useEffect, useState } from "preact/hooks";

/** Where one is: `#/page/rest?query`. */
export interface Route {
  readonly page: string;
  /** What follows the page's name. */
  readonly rest: string;
  readonly query: URLSearchParams;
}

/** The route in the address. */
export function readRoute(): Route {
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [page = "", ...rest] = path.split("/");
  return { page: page === "" ? "run" : page, rest: rest.join("/"), query: new URLSearchParams(query) };
}

/** The route, as it changes. */
export function useRoute(): Route {
  const [route, setRoute] = useState(readRoute);
  useEffect(() => {
    // A link that is pasted into the page signs in as one that is opened anew.
    const look = () => (location.hash.startsWith("#link=") ? location.reload() : setRoute(readRoute()));
    addEventListener("hashchange", look);
    return () => removeEventListener("hashchange", look);
  }, []);
  return route;
}

/** Goes to another place; `#` is added. */
export function go(to: string): void {
  location.hash = to;
}

/** The address of a page with changed parameters: an empty value takes one away. */
export function withQuery(route: Route, changes: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(route.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === "") query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  return `/${route.page}${route.rest === "" ? "" : `/${route.rest}`}${text === "" ? "" : `?${text}`}`;
}
