import { useMemo } from "preact/hooks";
import type { PageProps } from "../app.tsx";
import { useAsked } from "../ask.ts";
import type { RolloutView } from "../index.ts";
import { useKeys } from "../keys.ts";
import { count, decimal, duration } from "../numbers.ts";
import { LongText } from "../parts/long-text.tsx";
import { toneOf, verdictOf } from "../parts/rollout-table.tsx";
import { Visible } from "../parts/visible.tsx";
import { go } from "../route.ts";
import { Changes } from "./changes.tsx";
import { Group } from "./group.tsx";
import { finishName } from "./rollout-filters.tsx";
import { listAddress, neighbour } from "./rollouts.tsx";
import { Tokens } from "./tokens.tsx";
import { Why } from "./why.tsx";

/** One rollout in full. */
export function RolloutPage({ route, live }: PageProps) {
  const { value, failure } = useAsked<RolloutView>(`rollouts/${route.rest}`, live.status?.step ?? 0);
  const sequence = Number(route.rest);
  const keys = useMemo(() => {
    const to = (by: 1 | -1) => () => {
      const next = neighbour(sequence, by);
      if (next !== null) go(`/rollouts/${next}`);
    };
    return { j: to(1), k: to(-1), u: () => go(listAddress()) };
  }, [sequence]);
  useKeys(keys);
  if (value === null || value.sequence !== sequence) return <p class="quiet">{failure ?? "loading …"}</p>;
  return <Rollout key={value.sequence} rollout={value} />;
}

function Rollout({ rollout }: { readonly rollout: RolloutView }) {
  const { sequence } = rollout;
  const before = neighbour(sequence, -1);
  const after = neighbour(sequence, 1);
  return (
    <article class="rollout">
      <p class="way">
        <a href={`#${listAddress()}`}>← all rollouts</a>
        {before !== null && <a href={`#/rollouts/${before}`}>before</a>}
        {after !== null && <a href={`#/rollouts/${after}`}>next</a>}
      </p>
      <h1>
        <Visible text={rollout.instance} />{" "}
        <span class={`reward ${toneOf(rollout)}`}>{decimal(rollout.reward, 4)}</span>{" "}
        <small>{verdictOf(rollout)}</small>
      </h1>
      <Facts rollout={rollout} />
      <Why rollout={rollout} />
      <Group rollout={rollout} />
      <section>
        <h2>Completion</h2>
        <Tokens rollout={rollout} />
      </section>
      <Changes rollout={rollout} />
      <section>
        <h2>Issue</h2>
        <LongText text={rollout.issue === "" ? "not known" : rollout.issue} label="issue" />
      </section>
      {rollout.promptPieces !== null && (
        <section>
          <h2>Prompt, {count(rollout.promptTokens)} tokens</h2>
          <LongText label="prompt" text={rollout.promptPieces.map(pieceText).join("")} />
        </section>
      )}
    </article>
  );
}

/** A token's text in a line of others. */
function pieceText(piece: NonNullable<RolloutView["promptPieces"]>[number]): string {
  if (typeof piece === "string") return piece;
  return "hex" in piece ? `\\x${piece.hex}` : piece.special;
}

function Facts({ rollout }: { readonly rollout: RolloutView }) {
  const { timings, spans } = rollout;
  const last = spans.at(-1);
  const facts: readonly (readonly [string, string])[] = [
    ["no.", String(rollout.sequence)],
    [
      "task",
      `${rollout.task}, sample ${rollout.sample}${rollout.attempt > 1 ? `, attempt ${rollout.attempt}` : ""}`,
    ],
    [
      rollout.lane === "eval" ? "evaluation of policy" : "step",
      rollout.step === null ? "not yet" : String(rollout.step),
    ],
    ["became", `${rollout.outcome}${rollout.reason === "" ? "" : ` (${rollout.reason})`}`],
    ["sampled by policy", [...new Set(spans.map(({ policyVersion }) => policyVersion))].join(", ")],
    ["worker", `${rollout.worker}, ${last?.device ?? ""}`],
    ["temperature", String(rollout.temperature)],
    ["tokens", `${count(rollout.tokens)}, ended by ${finishName(rollout.finish)}`],
    ["prefill", duration(timings.prefillMs / 1000)],
    ["decode", duration(timings.decodeMs / 1000)],
    ["reward", `${decimal(timings.rewardMs, 1)} ms, ${rollout.scorer}`],
    ...(rollout.traceId === "" ? [] : [["trace", rollout.traceId] as const]),
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <Visible text={value} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
