import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Piece, RolloutView, SpanView } from "../index.ts";
import { count, decimal } from "../numbers.ts";
import { LongText } from "../parts/long-text.tsx";
import { partsOf } from "../parts/visible.tsx";
import { bucketsOf, COLOURINGS, type Colouring } from "./token-colours.ts";

/** Tokens that are shown at first, and more at each wish. */
const AT_ONCE = 2_000;

/** A completion token by token, coloured by what is known of each; or its text alone. */
export function Tokens({ rollout }: { readonly rollout: RolloutView }) {
  const [colouring, setColouring] = useState<Colouring | "text">("logp");
  const names = Object.keys(COLOURINGS) as Colouring[];
  return (
    <>
      <fieldset class="choice">
        <legend>coloured by</legend>
        {[...names, "text" as const].map((name) => (
          <label key={name}>
            <input
              type="radio"
              name="colouring"
              checked={colouring === name}
              onChange={() => setColouring(name)}
            />
            {name === "text" ? "nothing: the scored text" : COLOURINGS[name].label}
          </label>
        ))}
      </fieldset>
      {colouring === "text" ? (
        <LongText text={rollout.text} label="completion" />
      ) : (
        <Coloured rollout={rollout} colouring={colouring} />
      )}
    </>
  );
}

function Coloured({ rollout, colouring }: { readonly rollout: RolloutView; readonly colouring: Colouring }) {
  const [shown, setShown] = useState(AT_ONCE);
  const [at, setAt] = useState(0);
  const buckets = useMemo(() => bucketsOf(rollout, colouring), [rollout, colouring]);
  const { tokenIds, pieces } = rollout;
  const some = Math.min(shown, tokenIds.length);
  const cells = useMemo(
    () =>
      Array.from({ length: some }, (_, index) => (
        <span key={index} data-at={index} class={`token ${buckets.classes[index] ?? ""}`}>
          {shownPiece(pieces === null ? null : (pieces[index] ?? null), tokenIds[index] ?? 0)}
        </span>
      )),
    [some, buckets, pieces, tokenIds],
  );
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const cell = place.current?.querySelector(`[data-at="${at}"]`);
    cell?.classList.add("at");
    return () => cell?.classList.remove("at");
  }, [at, cells]);
  const point = (event: Event) => {
    const index = (event.target as HTMLElement).closest("[data-at]")?.getAttribute("data-at");
    if (index) setAt(Number(index));
  };
  const onKey = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const to = Math.max(0, Math.min(some - 1, at + by));
    setAt(to);
    place.current?.querySelector(`[data-at="${to}"]`)?.scrollIntoView({ block: "nearest" });
  };
  return (
    <div class="tokens-with-figures">
      <TokenFigures rollout={rollout} at={Math.min(at, some - 1)} />
      <p class="scale">{buckets.legend}</p>
      {pieces === null && (
        <p class="quiet">
          the model's file is not where this is served, so tokens are shown by their numbers
        </p>
      )}
      <div
        class="tokens"
        ref={place}
        role="application"
        aria-label="tokens of the completion"
        aria-describedby="token-figures"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys lead from token to token
        tabIndex={0}
        onMouseOver={point}
        onFocus={point}
        onClick={point}
        onKeyDown={onKey}
      >
        {cells}
      </div>
      {some < tokenIds.length && (
        <button type="button" onClick={() => setShown(shown + AT_ONCE)}>
          {count(tokenIds.length - some)} tokens more
        </button>
      )}
    </div>
  );
}

/** A token as it is shown: what ends a line is marked, and what is no text is spelt out. */
function shownPiece(piece: Piece | null, id: number) {
  if (piece === null) return ` ${id} `;
  if (typeof piece === "string")
    return piece === "" ? "·" : piece.includes("\n") ? withLineEnds(piece) : partsOf(piece);
  if ("special" in piece) return <span class="control">{piece.special}</span>;
  return <span class="control">{piece.hex.replace(/../g, "\\x$&")}</span>;
}

function withLineEnds(text: string) {
  return text.split("\n").flatMap((line, index) =>
    index === 0
      ? [partsOf(line)]
      : [
          <span class="line-end" key={`end ${index}`} aria-hidden="true">
            ↵
          </span>,
          "\n",
          partsOf(line),
        ],
  );
}

/** What is known of one token. */
function TokenFigures({ rollout, at }: { readonly rollout: RolloutView; readonly at: number }) {
  return (
    <p class="figures-line" id="token-figures" aria-live="polite">
      <span>
        token {count(at + 1)} of {count(rollout.tokenIds.length)}
      </span>
      <code>{partsOf(written(rollout.pieces?.[at] ?? ""))}</code>
      {figuresOf(rollout, at).map((figure) => (
        <span key={figure}>{partsOf(figure)}</span>
      ))}
    </p>
  );
}

function written(piece: Piece): string {
  if (typeof piece === "string") return JSON.stringify(piece);
  return "hex" in piece ? piece.hex : piece.special;
}

function figuresOf(
  { tokenIds, logp, logq, entropy, spans, group, advantages, sequence }: RolloutView,
  at: number,
) {
  const own = group.findIndex((member) => member.sequence === sequence);
  const figure = (value: number | null | undefined, show: (value: number) => string) =>
    value === null || value === undefined ? [] : [show(value)];
  const span = spanAt(spans, at);
  return [
    `id ${tokenIds[at]}`,
    ...figure(logp[at], (value) => `log p ${decimal(value, 3)} (${decimal(100 * Math.exp(value), 1)} %)`),
    ...figure(logq[at], (value) => `log q ${decimal(value, 3)}`),
    ...figure(entropy[at], (value) => `entropy ${decimal(value, 3)}`),
    ...figure(advantages[own], (value) => `advantage ${decimal(value, 3)}`),
    ...(span === undefined ? [] : [`policy ${span.policyVersion}, ${span.worker}, ${span.device}`]),
  ];
}

function spanAt(spans: readonly SpanView[], at: number): SpanView | undefined {
  return spans.findLast(({ from }) => from <= at);
}
