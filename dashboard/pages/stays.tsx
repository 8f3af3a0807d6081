import type { FleetView } from "../index.ts";
import { duration } from "../numbers.ts";
import { Visible } from "../parts/visible.tsx";

const WIDTH = 1000;
const ROW = 18;

/** Each worker's stays as bars over time, the newest at the right. */
export function Stays({ fleet: { now, since, stays } }: { readonly fleet: FleetView }) {
  const from = Math.min(since, ...stays.map((stay) => stay.from));
  const span = Math.max(1, now - from);
  const x = (at: number) => ((at - from) / span) * WIDTH;
  const workers = [...new Set(stays.map(({ worker }) => worker))].sort();
  const left = stays.filter(({ to }) => to !== null);
  return (
    <div class="stays">
      <ol>
        {workers.map((worker) => (
          <li key={worker}>
            <span>
              <Visible text={worker} />
            </span>
            <svg
              viewBox={`0 0 ${WIDTH} ${ROW}`}
              preserveAspectRatio="none"
              role="img"
              aria-label={describe(worker, stays)}
            >
              {stays
                .filter((stay) => stay.worker === worker)
                .map((stay) => (
                  <rect
                    key={stay.from}
                    class={stay.end ?? "here"}
                    x={x(stay.from)}
                    y={4}
                    width={Math.max(2, x(stay.to ?? now) - x(stay.from))}
                    height={ROW - 8}
                  />
                ))}
            </svg>
          </li>
        ))}
      </ol>
      <p class="quiet">
        the last {duration(span / 1000)}, since the coordinator started
        {left.length > 0 &&
          `; ${counted(left, "drained")} drained, ${counted(left, "lost")} lost, the newest ${ago(left, now)}`}
      </p>
    </div>
  );
}

function counted(left: FleetView["stays"], end: "drained" | "lost"): number {
  return left.filter((stay) => stay.end === end).length;
}

function ago(left: FleetView["stays"], now: number): string {
  const newest = [...left].sort((a, b) => (b.to ?? 0) - (a.to ?? 0))[0];
  return newest === undefined
    ? ""
    : `${newest.worker}, ${newest.end} ${duration((now - (newest.to ?? now)) / 1000)} ago`;
}

function describe(worker: string, stays: FleetView["stays"]): string {
  const own = stays.filter((stay) => stay.worker === worker);
  const times = own.length === 1 ? "once" : `${own.length} times`;
  return `${worker}: joined ${times}, ${own.at(-1)?.end ?? "is here"}`;
}
