import { useEffect, useMemo, useState } from "preact/hooks";
import type { PageProps } from "../app.tsx";
import { ask, useAsked } from "../ask.ts";
import { Chart } from "../charts/chart.tsx";
import { type Axis, linesOf } from "../charts/series.ts";
import { CHARTS } from "../charts/specs.ts";
import type { Curves, RunView } from "../index.ts";
import { decimal, percent } from "../numbers.ts";

/** The curves of a run, who waits for whom, and another run laid over it. */
export function RunPage({ live }: PageProps) {
  const { value: run, failure } = useAsked<RunView>("run", `${live.status?.step} ${live.status?.state}`);
  const [axis, setAxis] = useState<Axis>("step");
  const [smoothing, setSmoothing] = useState(0.5);
  const [other, setOther] = useState<Curves | null>(null);
  const charts = useMemo(
    () =>
      run === null
        ? []
        : CHARTS.map((spec) => ({
            spec,
            lines: [
              ...linesOf(spec, run, axis, false),
              ...(other === null ? [] : linesOf(spec, other, axis, true)),
            ],
          })),
    [run, other, axis],
  );
  if (run === null) return <p class="quiet">{failure ?? "loading …"}</p>;
  return (
    <>
      <h1 class="unseen">Run {run.run}</h1>
      <Summary run={run} />
      <form class="controls" onSubmit={(event) => event.preventDefault()}>
        <fieldset class="choice">
          <legend class="unseen">x axis</legend>
          {(["step", "time"] as const).map((name) => (
            <label key={name}>
              <input type="radio" name="axis" checked={axis === name} onChange={() => setAxis(name)} />
              {name === "step" ? "steps" : "wall time"}
            </label>
          ))}
        </fieldset>
        <label>
          smoothing
          <input
            type="range"
            min="0"
            max="0.95"
            step="0.05"
            value={smoothing}
            onInput={(event) => setSmoothing(Number(event.currentTarget.value))}
          />
          <output>{decimal(smoothing, 2)}</output>
        </label>
        <Overlay others={run.others} onChange={setOther} />
      </form>
      <div class="charts">
        {charts.map(({ spec, lines }) => (
          <Chart key={spec.title} spec={spec} axis={axis} smoothing={smoothing} lines={lines} />
        ))}
      </div>
    </>
  );
}

function Summary({ run: { steps, waiting, settings, heldOut } }: { readonly run: RunView }) {
  const ends = Math.min(5, Math.floor(steps.length / 2));
  const mean = (some: readonly { meanReward: number }[]) =>
    some.reduce((sum, { meanReward }) => sum + meanReward, 0) / some.length;
  const first = ends === 0 ? null : mean(steps.slice(0, ends));
  const last = steps.length === 0 ? null : mean(steps.slice(-Math.max(1, ends)));
  const greedy = heldOut.filter(({ temperature }) => temperature === heldOut[0]?.temperature);
  return (
    <section class="summary" aria-label="summary">
      {waiting.sentence !== "" && <p class="waiting">{waiting.sentence}</p>}
      <dl class="figures">
        <Figure
          name="reward"
          value={last === null ? "–" : decimal(last, 3)}
          note={first === null ? "" : `first ${ends} steps ${decimal(first, 3)}`}
        />
        {greedy.length > 0 && (
          <Figure
            name="held-out repaired"
            value={percent(greedy.at(-1)?.exactRate ?? 0, 1)}
            note={
              greedy.length > 1
                ? `before ${percent(greedy[0]?.exactRate ?? 0, 1)}`
                : `${greedy[0]?.tasks} tasks, before training`
            }
          />
        )}
        {waiting.sentence !== "" && (
          <>
            <Figure
              name="updater waits"
              value={percent(waiting.updaterWaits)}
              note={`for rollouts, last ${waiting.steps} steps`}
            />
            <Figure name="batches wait" value={percent(waiting.batchWaits)} note="for the updater" />
          </>
        )}
        <Figure
          name="batch"
          value={`${settings.prompts} × ${settings.group}`}
          note={`staleness at most ${settings.staleness}, T ${settings.temperature}, seed ${settings.seed}`}
        />
      </dl>
    </section>
  );
}

function Figure({
  name,
  value,
  note,
}: {
  readonly name: string;
  readonly value: string;
  readonly note: string;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value}
        <small>{note}</small>
      </dd>
    </div>
  );
}

/** Chooses a run beside this one, or the summary.json of any. */
function Overlay({
  others,
  onChange,
}: {
  readonly others: readonly string[];
  onChange(curves: Curves | null): void;
}) {
  const [chosen, setChosen] = useState("");
  const [failure, setFailure] = useState("");
  useEffect(() => {
    if (chosen === "" || chosen === FILE) return;
    const over = new AbortController();
    ask<Curves>(`runs/${encodeURIComponent(chosen)}`, over.signal).then(onChange, (error: Error) => {
      if (!over.signal.aborted) setFailure(error.message);
    });
    return () => over.abort();
  }, [chosen, onChange]);
  const open = async (file: File | undefined) => {
    if (file === undefined) return;
    try {
      const { run, steps, heldOut } = JSON.parse(await file.text());
      onChange({ run: String(run), steps, heldOut: heldOut.rounds });
      setFailure("");
    } catch {
      setFailure(`${file.name} is not the summary.json of a run`);
    }
  };
  return (
    <span class="overlay">
      <label>
        laid over it
        <select
          value={chosen}
          onChange={(event) => {
            setChosen(event.currentTarget.value);
            setFailure("");
            onChange(null);
          }}
        >
          <option value="">nothing</option>
          {others.map((run) => (
            <option key={run} value={run}>
              {run}
            </option>
          ))}
          <option value={FILE}>a summary.json …</option>
        </select>
      </label>
      {chosen === FILE && (
        <input
          type="file"
          accept=".json"
          aria-label="summary.json"
          onChange={(event) => open(event.currentTarget.files?.[0])}
        />
      )}
      {failure !== "" && <span class="bad">{failure}</span>}
    </span>
  );
}

/** No run's id. */
const FILE = "*file";
