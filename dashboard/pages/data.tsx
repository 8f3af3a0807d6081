import { useState } from "preact/hooks";
import type { PageProps } from "../app.tsx";
import { useAsked } from "../ask.ts";
import type { DataPage, InstanceRow } from "../index.ts";
import { count, decimal, percent } from "../numbers.ts";
import { Pager } from "../parts/pager.tsx";
import { Scroll } from "../parts/scroll.tsx";
import { SortedHead } from "../parts/sorted-head.tsx";
import { Spark } from "../parts/spark.tsx";
import { Visible } from "../parts/visible.tsx";
import { go, withQuery } from "../route.ts";

const PAGE = 50;
const KINDS = ["all", "never", "sometimes", "always"] as const;

/** The instances: how often each was asked, what came of it, which are never or always solved. */
export function DataPageView({ route, live }: PageProps) {
  const { query } = route;
  const lane = query.get("lane") ?? "train";
  const kind = query.get("kind") ?? "all";
  const sort = query.get("sort") ?? "rollouts";
  const order = query.get("order") ?? "desc";
  const from = Number(query.get("from") ?? 0);
  const [version, setVersion] = useState(0);
  const path = `data?${new URLSearchParams({ lane, kind, sort, order, from: String(from), limit: String(PAGE), instance: query.get("instance") ?? "" })}`;
  const { value, failure } = useAsked<DataPage>(path, `${version} ${live.status?.step}`);
  const change = (changes: Readonly<Record<string, string>>) =>
    go(withQuery(route, { from: "", ...changes }));
  const onSort = (name: string, way: "asc" | "desc") => change({ sort: name, order: way });
  return (
    <>
      <h1>Data</h1>
      <form
        class="controls"
        onSubmit={(event) => {
          event.preventDefault();
          setVersion(version + 1);
        }}
      >
        <label>
          lane
          <select value={lane} onChange={(event) => change({ lane: event.currentTarget.value })}>
            <option value="train">training</option>
            <option value="eval">held-out</option>
          </select>
        </label>
        <fieldset class="choice">
          <legend class="unseen">solved</legend>
          {KINDS.map((name) => (
            <label key={name}>
              <input
                type="radio"
                name="kind"
                checked={kind === name}
                onChange={() => change({ kind: name })}
              />
              {name === "all" ? "all" : `${name} solved`}
              {value !== null && name !== "all" && <small> {count(value.counts[name])}</small>}
            </label>
          ))}
        </fieldset>
        <label>
          instance
          <input
            type="search"
            value={query.get("instance") ?? ""}
            onChange={(event) => change({ instance: event.currentTarget.value })}
          />
        </label>
      </form>
      <p class="quiet">solved: the rollout is, to the last byte, the true change</p>
      {value === null ? (
        <p class="quiet">{failure ?? "loading …"}</p>
      ) : (
        <>
          <Scroll label="instances">
            <table>
              <thead>
                <tr>
                  <SortedHead name="instance" label="instance" sort={sort} order={order} onSort={onSort} />
                  <SortedHead
                    name="rollouts"
                    label="rollouts"
                    isNumber
                    sort={sort}
                    order={order}
                    onSort={onSort}
                  />
                  <th scope="col" class="n">
                    groups
                  </th>
                  <SortedHead
                    name="meanReward"
                    label="mean"
                    isNumber
                    sort={sort}
                    order={order}
                    onSort={onSort}
                  />
                  <SortedHead
                    name="bestReward"
                    label="best"
                    isNumber
                    sort={sort}
                    order={order}
                    onSort={onSort}
                  />
                  <SortedHead
                    name="solved"
                    label="solved"
                    isNumber
                    sort={sort}
                    order={order}
                    onSort={onSort}
                  />
                  <th scope="col">reward of its groups, over time</th>
                </tr>
              </thead>
              <tbody>
                {value.rows.map((row) => (
                  <Instance key={row.instance} row={row} />
                ))}
              </tbody>
            </table>
          </Scroll>
          <Pager
            from={from}
            size={PAGE}
            total={value.total}
            onGo={(next) => change({ from: String(next) })}
          />
        </>
      )}
    </>
  );
}

function Instance({ row }: { readonly row: InstanceRow }) {
  return (
    <tr>
      <td>
        <a href={`#/rollouts?of=${encodeURIComponent(row.instance)}&lane=${row.lane}`}>
          <Visible text={row.instance} />
        </a>
      </td>
      <td class="n">{count(row.rollouts)}</td>
      <td class="n">{count(row.groups)}</td>
      <td class="n">{decimal(row.meanReward, 3)}</td>
      <td class="n">{decimal(row.bestReward, 3)}</td>
      <td class="n">{percent(row.solved / row.rollouts)}</td>
      <td>
        <Spark values={row.rewards} least={-1} most={1} label={`mean rewards of ${row.groups} groups`} />
      </td>
    </tr>
  );
}
