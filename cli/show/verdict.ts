import type { Explanation } from "../../rewards/index.ts";
import type { ScoredReply } from "../score-replies.ts";
import { componentTable } from "./components.ts";
import { decimal } from "./numbers.ts";
import { sideBySide, type View } from "./side-by-side.ts";
import { table } from "./table.ts";
import { visible, wrap } from "./visible.ts";

type Verdict = ScoredReply["verdict"];
type MistakeNote = NonNullable<Explanation["mistake"]>;

/** A verdict in full: reward and why, what is wrong and where, each file's similarity, both changes side by side. */
export function describeVerdict(reply: ScoredReply, view: View): string {
  const { explanation, ...verdict } = reply.verdict;
  const { mistake, files } = explanation;
  const parts = [
    view.paint("title", fold(`── ${visible(reply.id)}, reply ${reply.nth}, line ${reply.line}`, view)),
    view.paint(toneOf(verdict.reward), fold(verdictLine(reply), view)),
    mistake === null ? "" : offence(mistake, view),
    verdict.components.length > 1 ? fold(componentTable(verdict.components, explanation.notes), view) : "",
    files.length === 0 ? "" : fold(fileTable(files), view),
    ...files.map((file) =>
      [
        view.paint(
          "title",
          fold(`── ${visible(file.path)}, similarity ${decimal(file.similarity, 4)}`, view),
        ),
        sideBySide(file.predicted, file.oracle, view),
      ].join("\n"),
    ),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

/** Reward and why, in one line. */
export function verdictLine({ verdict }: ScoredReply): string {
  return `reward ${decimal(verdict.reward, 4)}: ${reasonOf(verdict)}`;
}

/** The colour of a reward. */
export function toneOf(reward: number): "good" | "bad" | "title" {
  if (reward < 0) return "bad";
  return reward === 1 ? "good" : "title";
}

function reasonOf({ errorClass, exact, explanation }: Verdict): string {
  if (explanation.mistake !== null) return `${errorClass}: ${visible(explanation.mistake.message)}`;
  return exact ? "the true change" : "similarity to the true change, mean over the files of both";
}

/** The offending text, with the line numbers of the reply. */
function offence({ text, line }: MistakeNote, view: View): string {
  const lines = text.split("\n");
  if (text.trim() === "") return `at line ${line} of the reply`;
  const digits = String(line + lines.length - 1).length;
  const rows = lines.flatMap((words, index) =>
    wrap(visible(words), Math.max(1, view.columns - digits - 3)).map((piece, part) => {
      const number = part === 0 ? String(line + index) : "";
      return `${view.paint("aside", number.padStart(digits))} │ ${view.paint("bad", piece)}`.trimEnd();
    }),
  );
  return [`at line ${line} of the reply:`, ...rows].join("\n");
}

function fileTable(files: Verdict["explanation"]["files"]): string {
  return table(
    ["similarity", "file"],
    files.map(({ path, similarity }) => [decimal(similarity, 4), visible(path)]),
  );
}

/** Lines of visible text, broken where the view ends. */
function fold(lines: string, { columns }: View): string {
  return lines
    .split("\n")
    .flatMap((line) => wrap(line, columns))
    .join("\n");
}
