import { useEffect, useState } from "preact/hooks";
import type { Facets } from "../index.ts";
import { Visible } from "../parts/visible.tsx";
import { go, type Route, withQuery } from "../route.ts";

const WAIT_MS = 250;

/** What a list of rollouts is narrowed by; all of it is in the address. */
export function RolloutFilters({ route, facets }: { readonly route: Route; readonly facets: Facets | null }) {
  const set = (name: string, value: string) => {
    if ((route.query.get(name) ?? "") !== value) go(withQuery(route, { [name]: value, from: "" }));
  };
  const select = (name: string, label: string, options: readonly (readonly [string, string])[]) => (
    <label key={name}>
      {label}
      <select value={route.query.get(name) ?? ""} onChange={(event) => set(name, event.currentTarget.value)}>
        <option value="">any</option>
        {options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
  const same = (values: readonly string[] = []) => values.map((value) => [value, value] as const);
  const typed = (name: string, label: string, size: number, type: TypedProps["type"] = "search") => (
    <Typed
      key={name}
      name={name}
      label={label}
      size={size}
      type={type}
      value={route.query.get(name) ?? ""}
      onChange={set}
    />
  );
  const isNarrowed = [...route.query.keys()].some((name) => !["sort", "order", "from"].includes(name));
  return (
    <form class="controls filters" aria-label="filters" onSubmit={(event) => event.preventDefault()}>
      {typed("text", "text of replies and issues", 24)}
      {typed("instance", "instance", 16)}
      {select("lane", "lane", [
        ["train", "training"],
        ["eval", "held-out"],
      ])}
      {typed("step", "step", 4, "number")}
      {typed("version", "policy", 4, "number")}
      {typed("least", "reward from", 5, "number")}
      {typed("most", "to", 5, "number")}
      {select("error", "mistake", [["none", "none"], ["any", "some"], ...same(facets?.errorClasses)])}
      {select("exact", "true change", [
        ["yes", "yes"],
        ["no", "no"],
      ])}
      {select("outcome", "became", same(facets?.outcomes))}
      {select(
        "finish",
        "ended by",
        (facets?.finishes ?? []).map((finish) => [finish, finishName(finish)] as const),
      )}
      {select("worker", "worker", same(facets?.workers))}
      {route.query.has("of") && (
        <button type="button" onClick={() => set("of", "")} title="of every instance">
          of <Visible text={route.query.get("of") ?? ""} /> ✕
        </button>
      )}
      {isNarrowed && (
        <button type="button" onClick={() => go("/rollouts")}>
          show all
        </button>
      )}
    </form>
  );
}

/** A finish reason as a person reads it. */
export function finishName(finish: string): string {
  return (
    { FINISH_END: "its end token", FINISH_STOP: "a stop text", FINISH_LENGTH: "the most tokens" }[finish] ??
    finish
  );
}

interface TypedProps {
  readonly name: string;
  readonly label: string;
  readonly size: number;
  readonly type: "search" | "number";
  readonly value: string;
  onChange(name: string, value: string): void;
}

/** A field that counts a moment after the last key. */
function Typed({ name, label, size, type, value, onChange }: TypedProps) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => onChange(name, text), WAIT_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <label>
      {label}
      <input
        id={name}
        {...(type === "number" ? { type: "number" as const, step: "any" } : { type: "search" as const })}
        size={size}
        class={type === "number" ? "short" : ""}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
      />
    </label>
  );
}
