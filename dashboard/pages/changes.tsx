import { useState } from "preact/hooks";
import type { DiffLine } from "../diff-lines.ts";
import type { RolloutView } from "../index.ts";
import { count, decimal } from "../numbers.ts";
import { Scroll } from "../parts/scroll.tsx";
import { partsOf, Visible } from "../parts/visible.tsx";
import { alignDiffs } from "./align-diffs.ts";
import { readExplanation } from "./why.tsx";

/** Rows that are shown at first, and characters of a line. */
const ROWS_AT_ONCE = 300;
const LONGEST_LINE = 2_000;

/** The predicted change and the true one side by side, file by file. */
export function Changes({ rollout }: { readonly rollout: RolloutView }) {
  const files = readExplanation(rollout)?.files ?? [];
  if (files.length === 0) return null;
  return (
    <section>
      <h2>Predicted and true change</h2>
      {files.map((file) => (
        <Change key={file.path} {...file} />
      ))}
    </section>
  );
}

interface ChangeProps {
  readonly path: string;
  readonly similarity: number;
  readonly predicted: string;
  readonly oracle: string;
}

function Change({ path, similarity, predicted, oracle }: ChangeProps) {
  const [shown, setShown] = useState(ROWS_AT_ONCE);
  const rows = alignDiffs(predicted, oracle);
  return (
    <figure class="change">
      <figcaption>
        <Visible text={path} /> <small>similarity {decimal(similarity, 4)}</small>
      </figcaption>
      <Scroll label={`changes of ${path}`}>
        <table class="diff">
          <thead>
            <tr>
              <th scope="col" class="n">
                line
              </th>
              <th scope="col">predicted</th>
              <th scope="col">true</th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, shown).map(([left, right], index) => (
              <tr key={`${index}`} class={left?.text === right?.text ? "same" : ""}>
                <td class="n">{left?.old ?? right?.old ?? ""}</td>
                <Side line={left} />
                <Side line={right} />
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {rows.length > shown && (
        <button type="button" onClick={() => setShown(shown + ROWS_AT_ONCE)}>
          {count(rows.length - shown)} lines more
        </button>
      )}
    </figure>
  );
}

function Side({ line }: { readonly line: DiffLine | undefined }) {
  if (line === undefined) return <td class="none" />;
  const mark = line.text[0] ?? "";
  const tone = { "+": "add", "-": "take", "@": "place" }[mark] ?? "";
  const cut = line.text.length > LONGEST_LINE;
  return (
    <td class={`code ${tone}`}>
      <bdi>{partsOf(cut ? line.text.slice(0, LONGEST_LINE) : line.text)}</bdi>
      {cut && <small> … {count(line.text.length - LONGEST_LINE)} characters more</small>}
    </td>
  );
}
