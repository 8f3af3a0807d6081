import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createReward, REWARD_RANGE, RewardConfig, similarityRatio } from "../../../rewards/index.ts";
import { type ReplyEdit, replyWith } from "../../support/replies.ts";

const reward = createReward(RewardConfig.parse({}));

const line = fc.stringMatching(/^[a-d]{0,3}$/);
const content = fc.array(line, { minLength: 1, maxLength: 8 }).map((lines) => `${lines.join("\n")}\n`);
const path = fc.constantFrom("a.py", "b.py", "c.py");
const files = fc.dictionary(path, content, { minKeys: 1, noNullPrototype: true });
const oracle = fc.dictionary(path, fc.option(content), { noNullPrototype: true });

/** Texts made of the reply format's own pieces, which come close to being replies. */
const nearReply = fc
  .array(
    fc.constantFrom(
      ..."<think>|</think>|<solution>|</solution>|```|```python|### a.py|<<<<<<< SEARCH|=======|>>>>>>> REPLACE| a|b|".split(
        "|",
      ),
    ),
    { maxLength: 30 },
  )
  .map((pieces) => pieces.join("\n"));

/** A right answer: each file that the oracle changes is replaced as a whole. */
function repairOf(before: Record<string, string>, after: Record<string, string | null>): ReplyEdit[] {
  return Object.entries(after).flatMap(([file, text]) =>
    (before[file] ?? "") === (text ?? "")
      ? []
      : [{ path: file, search: before[file] ?? "", replace: text ?? "" }],
  );
}

describe("the reward", () => {
  it("gives every reply a finite verdict in its range", () => {
    fc.assert(
      fc.property(
        files,
        oracle,
        fc.oneof(fc.string({ unit: "binary" }), nearReply),
        (before, after, reply) => {
          const verdict = reward({ files: before, oracle: after, reply });

          expect(verdict.reward).toBeGreaterThanOrEqual(REWARD_RANGE[0]);
          expect(verdict.reward).toBeLessThanOrEqual(REWARD_RANGE[1]);
          expect(verdict.errorClass === "").toBe(verdict.reward >= 0);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("is 1 for a right answer, and exact", () => {
    fc.assert(
      fc.property(files, oracle, (before, after) => {
        const edits = repairOf(before, after);
        fc.pre(edits.length > 0);

        const verdict = reward({ files: before, oracle: after, reply: replyWith(edits) });

        expect(verdict).toMatchObject({ reward: 1, exact: true });
      }),
    );
  });

  it("is exact only where it is 1", () => {
    fc.assert(
      fc.property(files, oracle, path, line, line, (before, after, file, search, replace) => {
        const verdict = reward({
          files: before,
          oracle: after,
          reply: replyWith([{ path: file, search, replace }]),
        });

        expect(verdict.exact && verdict.reward !== 1).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it("does not depend on the order of files, nor on how their edits alternate", () => {
    fc.assert(
      fc.property(files, oracle, content, content, (before, after, first, second) => {
        const steps = Object.entries(before).map(([file, text]) => [
          { path: file, search: text, replace: first },
          { path: file, search: first, replace: second },
        ]);
        const scored = (edits: readonly (ReplyEdit | undefined)[]) =>
          reward({
            files: before,
            oracle: after,
            reply: replyWith(edits.filter((edit) => edit !== undefined)),
          });
        const inTurn = [0, 1].flatMap((step) => steps.map((ofFile) => ofFile[step]));

        const verdict = scored(steps.flat());

        expect(scored(steps.toReversed().flat()).reward).toBe(verdict.reward);
        expect(scored(inTurn).reward).toBe(verdict.reward);
      }),
    );
  });

  it("is never raised by an edit of a file that neither side touches", () => {
    fc.assert(
      fc.property(content, content, content, (before, after, predicted) => {
        fc.pre(predicted !== before);
        const input = { files: { "a.py": before, "z.py": "z\n" }, oracle: { "a.py": after } };
        const edit = { path: "a.py", search: before, replace: predicted };
        const extra = { path: "z.py", search: "z", replace: "y" };

        const without = reward({ ...input, reply: replyWith([edit]) });
        const withIt = reward({ ...input, reply: replyWith([edit, extra]) });

        expect(withIt.reward).toBeLessThanOrEqual(without.reward);
      }),
    );
  });
});

describe("the similarity ratio", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "c", "😀"), maxLength: 60 });

  it("is 1 exactly for equal texts", () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(similarityRatio(a, a)).toBe(1);
        expect(similarityRatio(a, b) === 1).toBe(a === b);
      }),
    );
  });

  it("is at least 0, and at most what the characters that both have allow, whichever comes first", () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        const counts = (of: string) => Map.groupBy(of, (character) => character);
        const inB = counts(b);
        const common = [...counts(a)].reduce(
          (sum, [character, each]) => sum + Math.min(each.length, inB.get(character)?.length ?? 0),
          0,
        );
        const length = [...a].length + [...b].length;
        const bound = length === 0 ? 1 : (2 * common) / length;

        for (const ratio of [similarityRatio(a, b), similarityRatio(b, a)]) {
          expect(ratio).toBeGreaterThanOrEqual(0);
          expect(ratio).toBeLessThanOrEqual(bound);
        }
      }),
      { numRuns: 500 },
    );
  });
});
