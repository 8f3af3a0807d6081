import { useEffect, useRef } from "preact/hooks";
import type { RolloutRow } from "../index.ts";
import { count, decimal } from "../numbers.ts";
import { Scroll } from "./scroll.tsx";
import { SortedHead } from "./sorted-head.tsx";
import { Visible } from "./visible.tsx";

interface TableProps {
  readonly rows: readonly RolloutRow[];
  /** Index of the row that the keyboard is at; none below 0. */
  readonly chosen: number;
  readonly sort: string;
  readonly order: string;
  /** Null where the order is given. */
  readonly onSort: ((sort: string, order: "asc" | "desc") => void) | null;
}

const COLUMNS = [
  ["sequence", "no.", true],
  ["reward", "reward", true],
  ["instance", "instance", false],
  ["step", "step", true],
  ["version", "policy", true],
  ["tokens", "tokens", true],
  ["decodeMs", "time", true],
  ["worker", "worker", false],
] as const;

/** Rollouts in rows, each a link to itself. */
export function RolloutTable({ rows, chosen, sort, order, onSort }: TableProps) {
  const marked = useRef<HTMLTableRowElement>(null);
  useEffect(() => marked.current?.scrollIntoView({ block: "nearest" }), [chosen]);
  const head = (from: number, to: number) =>
    COLUMNS.slice(from, to).map(([name, label, isNumber]) => (
      <SortedHead
        key={name}
        name={name}
        label={label}
        isNumber={isNumber}
        sort={sort}
        order={order}
        onSort={onSort}
      />
    ));
  return (
    <Scroll label="rollouts">
      <table class="rollouts">
        <thead>
          <tr>
            {head(0, 2)}
            <th scope="col">verdict</th>
            {head(2, 4)}
            <th scope="col">became</th>
            {head(4, 8)}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr
              key={row.sequence}
              ref={index === chosen ? marked : undefined}
              class={index === chosen ? "chosen" : ""}
            >
              <td class="n">
                <a href={`#/rollouts/${row.sequence}`}>{row.sequence}</a>
              </td>
              <td class={`n ${toneOf(row)}`}>{decimal(row.reward, 3)}</td>
              <td>{verdictOf(row)}</td>
              <td class="name">
                <Visible text={row.instance} />
              </td>
              <td class="n">
                {row.lane === "eval" && <small>held-out </small>}
                {row.step ?? ""}
              </td>
              <td>{row.outcome}</td>
              <td class="n">{row.version}</td>
              <td class="n">
                {count(row.tokens)}
                {row.finish === "FINISH_LENGTH" && <small title="cut off at the most tokens"> cut</small>}
              </td>
              <td class="n">{decimal(row.decodeMs / 1000, 1)} s</td>
              <td>
                <Visible text={row.worker} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

/** The colour of a reward. */
export function toneOf({ reward, exact }: Pick<RolloutRow, "reward" | "exact">): string {
  if (exact) return "good";
  return reward < 0 ? "bad" : "";
}

/** Why it has its reward, in a word or two. */
export function verdictOf({ exact, errorClass }: Pick<RolloutRow, "exact" | "errorClass">): string {
  if (exact) return "true change";
  return errorClass === "" ? "similar" : errorClass;
}
