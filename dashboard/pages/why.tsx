import type { RolloutView } from "../index.ts";
import { decimal } from "../numbers.ts";
import { LongText } from "../parts/long-text.tsx";
import { Visible } from "../parts/visible.tsx";

/** What a scorer said of a reply, as far as it has this form. */
export interface Explanation {
  readonly mistake?: { readonly message: string; readonly text: string; readonly line: number } | null;
  readonly files?: readonly {
    readonly path: string;
    readonly similarity: number;
    readonly predicted: string;
    readonly oracle: string;
  }[];
  /** It was too large to be kept. */
  readonly cut?: boolean;
  readonly notes?: readonly { readonly name: string; readonly text: string }[];
}

/** Null where there is none, or it is no JSON. */
export function readExplanation({
  explanationJson,
}: Pick<RolloutView, "explanationJson">): Explanation | null {
  try {
    return JSON.parse(explanationJson) as Explanation;
  } catch {
    return null;
  }
}

/** Why the reward is what it is. */
export function Why({ rollout }: { readonly rollout: RolloutView }) {
  const explanation = readExplanation(rollout);
  const { mistake = null, files = [], notes = [] } = explanation ?? {};
  return (
    <section class="why">
      <h2>Why</h2>
      <p>{sentenceOf(rollout, explanation)}</p>
      {mistake !== null && mistake.text.trim() !== "" && (
        <LongText text={mistake.text} label="the offending text" />
      )}
      {files.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col" class="n">
                similarity
              </th>
              <th scope="col">file</th>
            </tr>
          </thead>
          <tbody>
            {files.map(({ path, similarity }) => (
              <tr key={path}>
                <td class="n">
                  <meter min={0} max={1} value={similarity} aria-label={`similarity of ${path}`} />{" "}
                  {decimal(similarity, 4)}
                </td>
                <td class="wide">
                  <Visible text={path} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {rollout.components.length > 1 && <Components rollout={rollout} notes={notes} />}
    </section>
  );
}

function sentenceOf(
  { reward, exact, errorClass, components, scorer }: RolloutView,
  explanation: Explanation | null,
) {
  const value = <strong>{decimal(reward, 4)}</strong>;
  if (explanation?.mistake) {
    return (
      <>
        {value}, {errorClass}: <Visible text={explanation.mistake.message} /> (line {explanation.mistake.line}{" "}
        of the reply)
      </>
    );
  }
  if (exact) return <>{value}: every file is, to the last byte, what the true change makes of it</>;
  if (explanation?.cut) return <>{value}; what its scorer said of it was too large to be kept</>;
  if ((explanation?.files ?? []).length > 0 && components.length <= 1 && isPapers(scorer)) {
    return <>{value}: how alike the predicted and the true change are, as the mean over the files of both</>;
  }
  return <>{value}</>;
}

/** Whether it is the paper's reward alone. */
function isPapers(scorer: string): boolean {
  return /^swe-rl@[^+]*$/.test(scorer);
}

function Components({
  rollout,
  notes,
}: {
  readonly rollout: RolloutView;
  readonly notes: Explanation["notes"];
}) {
  const says = new Map((notes ?? []).map(({ name, text }) => [name, text]));
  return (
    <table>
      <thead>
        <tr>
          <th scope="col" class="n">
            value
          </th>
          <th scope="col" class="n">
            weight
          </th>
          <th scope="col">component</th>
          <th scope="col">says</th>
        </tr>
      </thead>
      <tbody>
        {rollout.components.map(({ name, value, weight }) => (
          <tr key={name}>
            <td class="n">{decimal(value, 4)}</td>
            <td class="n">{decimal(weight, 4)}</td>
            <td>
              <Visible text={name} />
            </td>
            <td class="wide">
              <Visible text={says.get(name) ?? ""} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
