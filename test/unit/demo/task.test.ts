import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openPromptRenderer } from "../../../coordinator/index.ts";
import { Instance } from "../../../core/index.ts";
import { CURRICULUM, pairsOf } from "../../../examples/demo/curriculum.ts";
import { createDraw } from "../../../examples/demo/task/draw.ts";
import { makeLesson } from "../../../examples/demo/task/lesson.ts";
import { makeProblem, type Problem } from "../../../examples/demo/task/problem.ts";
import { promptOf } from "../../../examples/demo/task/prompt.ts";
import { drawReply, type Habits } from "../../../examples/demo/task/reply.ts";
import { type Split, splitOf } from "../../../examples/demo/task/split.ts";
import { createReward, RewardConfig } from "../../../rewards/index.ts";

const problemNumber = fc.nat({ max: 5_000_000 });
const split = fc.constantFrom<Split>("train", "held-out");
const reward = createReward(RewardConfig.parse({}));

function score(problem: Problem, reply: string) {
  const { path, content, oracle } = problem;
  return reward({ files: { [path]: content }, oracle: { [path]: oracle }, reply });
}

/** Verdicts on replies of one author to the first `count` problems of a split. */
function verdictsOf(count: number, habits: Habits) {
  const draw = createDraw("author");
  return Array.from({ length: count }, (_, number) => {
    const problem = makeProblem("train", number);
    return score(problem, drawReply(draw, problem, habits));
  });
}

/** The functions of a file, as lines. */
const functionsIn = (content: string) =>
  content
    .trimEnd()
    .split("\n\n")
    .map((text) => text.split("\n"));

describe("a repair problem", () => {
  it("is the same whenever it is made", () => {
    fc.assert(
      fc.property(split, problemNumber, (of, number) => {
        expect(makeProblem(of, number)).toEqual(makeProblem(of, number));
      }),
      { numRuns: 50 },
    );
  });

  it("shows only functions of its own split, broken and repaired, so that the splits share none", () => {
    fc.assert(
      fc.property(split, problemNumber, (of, number) => {
        const { content, oracle } = makeProblem(of, number);

        const splits = [...functionsIn(content), ...functionsIn(oracle)].map(splitOf);

        expect(new Set(splits)).toEqual(new Set([of]));
      }),
      { numRuns: 200 },
    );
  });

  it("has one broken line, which is found once", () => {
    fc.assert(
      fc.property(split, problemNumber, (of, number) => {
        const { content, oracle, bug, repairedLine } = makeProblem(of, number);

        expect(`\n${content}`.split(`\n${bug.text}`)).toHaveLength(2);
        expect(`\n${content}`.replace(`\n${bug.text}`, () => `\n${repairedLine}`)).toBe(`\n${oracle}`);
      }),
      { numRuns: 200 },
    );
  });

  it("comes in every kind about equally often", () => {
    const kinds = Array.from({ length: 1400 }, (_, number) => makeProblem("train", number).bug.kind);

    const counts = [...Map.groupBy(kinds, (kind) => kind).values()].map((group) => group.length);

    // 200 expected of each; seven counts leave 200 ± 65 (five deviations) once in a million runs.
    expect(counts).toHaveLength(7);
    expect(Math.min(...counts)).toBeGreaterThan(135);
    expect(Math.max(...counts)).toBeLessThan(265);
  });

  it("is asked in training as it is in fine-tuning", async () => {
    const render = await openPromptRenderer("examples/demo/prompt.txt");
    const { issue, path, content, oracle } = makeProblem("train", 1);
    const instance = Instance.parse({
      id: "1",
      issue,
      files: { [path]: content },
      oracle: { [path]: oracle },
    });

    const messages = render(instance);

    expect(messages).toEqual([{ role: "user", content: promptOf(issue, path, content) }]);
  });
});

describe("functions that differ in names alone", () => {
  it("are in the same split", () => {
    const one = ["def area(a, b):", "    t = a + b", "    return t * 3"];
    const other = ["def width(k, q):", "    s = k + q", "    return s * 3"];

    expect(splitOf(one)).toBe(splitOf(other));
  });
});

describe("a reply", () => {
  it("of a careful author repairs the problem", () => {
    fc.assert(
      fc.property(split, problemNumber, (of, number) => {
        const problem = makeProblem(of, number);

        const verdict = score(problem, drawReply(createDraw("reply"), problem, { careless: 0, damaged: 0 }));

        expect(verdict).toMatchObject({ reward: 1, exact: true, errorClass: "" });
      }),
      { numRuns: 200 },
    );
  });

  it("of a careless author is well-formed and rarely right", () => {
    const verdicts = verdictsOf(500, { careless: 1, damaged: 0 });

    expect(verdicts.filter(({ errorClass }) => errorClass !== "")).toEqual([]);
    expect(verdicts.filter(({ exact }) => exact).length).toBeLessThan(25);
  });

  it("that is damaged always gets −1, in every way a reply can be", () => {
    const verdicts = verdictsOf(300, { careless: 0, damaged: 1 });

    expect(verdicts.filter((verdict) => verdict.reward !== -1)).toEqual([]);
    expect(new Set(verdicts.map(({ errorClass }) => errorClass))).toEqual(
      new Set(["tag:</think>", "tag:<solution>", "no-blocks", "not-found"]),
    );
  });

  it("of a careless author to a training problem spells no held-out function", () => {
    const draw = createDraw("careless");
    for (let number = 0; number < 300; number++) {
      const problem = makeProblem("train", number);
      const reply = drawReply(draw, problem, { careless: 1, damaged: 0 });
      const [, search, replace] = reply.match(/SEARCH\n(.*)\n=======\n(.*)\n>>>/) as RegExpMatchArray;

      // The edited line may be one of several equal ones: one reading within the split is enough.
      const edited = problem.functions.flatMap((lines) =>
        lines.flatMap((line, index) => (line === search ? [lines.with(index, replace as string)] : [])),
      );

      expect(edited.map(splitOf)).toContain("train");
    }
  });
});

describe("a lesson", () => {
  it("breaks only training functions, and has one repair for each", () => {
    fc.assert(
      fc.property(problemNumber, (number) => {
        const { prompt, completion } = makeLesson(number);

        const functions = functionsIn(prompt.replace(/^<file>\n### .*\n/, "").replace(/<\/file>\n$/, ""));

        expect(new Set(functions.map(splitOf))).toEqual(new Set(["train"]));
        expect(completion.match(/>>>>>>> REPLACE/g)).toHaveLength(functions.length);
      }),
      { numRuns: 100 },
    );
  });
});

describe("the curriculum", () => {
  it("has no prompt twice in what it begins with", () => {
    const prompts = CURRICULUM.flatMap((phase) => [...pairsOf(phase).take(200)].map(({ prompt }) => prompt));

    expect(new Set(prompts).size).toBe(prompts.length);
  });
});
