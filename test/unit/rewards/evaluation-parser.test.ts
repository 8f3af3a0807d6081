import { describe, expect, it } from "vitest";
import { applyForEvaluation, createReward, RewardConfig } from "../../../rewards/index.ts";
import { type ReplyEdit, replyWith } from "../../support/replies.ts";

const FILES = { "a.py": "    one\ntwo\n", "b.py": "" };

function changed(edits: readonly ReplyEdit[]) {
  return Object.fromEntries(applyForEvaluation(FILES, replyWith(edits)).changed);
}

describe("the evaluation's parser", () => {
  it("finds text within a line, where the reward's parser does not", () => {
    const edits = [{ path: "a.py", search: "one", replace: "1" }];
    const reward = createReward(RewardConfig.parse({}));

    expect(changed(edits)).toEqual({ "a.py": "    1\ntwo\n" });
    expect(reward({ files: FILES, oracle: {}, reply: replyWith(edits) }).errorClass).toBe("not-found");
  });

  it("passes over an edit that misses and applies the others", () => {
    const edits = [
      { path: "a.py", search: "nowhere", replace: "x" },
      { path: "a.py", search: "two", replace: "2" },
    ];
    const result = applyForEvaluation(FILES, replyWith(edits));

    expect(Object.fromEntries(result.changed)).toEqual({ "a.py": "    one\n2\n" });
    expect(result.skipped).toMatchObject([{ path: "a.py", search: "nowhere" }]);
  });

  it("replaces every occurrence, each edit in what the one before left", () => {
    const edits = [
      { path: "a.py", search: "o", replace: "$&" },
      { path: "a.py", search: "$&", replace: "0" },
    ];

    expect(changed(edits)).toEqual({ "a.py": "    0ne\ntw0\n" });
  });

  it("fills a new or an empty file, and no other, by an empty search", () => {
    const edits = ["a.py", "b.py", "c.py"].map((path) => ({ path, search: "", replace: "new" }));

    expect(changed(edits)).toEqual({ "b.py": "new", "c.py": "new" });
  });

  it("needs no tags, and ignores blocks of the thought", () => {
    const block = (search: string) =>
      `\`\`\`\n### a.py\n<<<<<<< SEARCH\n${search}\n=======\nx\n>>>>>>> REPLACE\n\`\`\``;
    const reply = `${block("one")}\n</think>\n${block("two")}`;

    expect(Object.fromEntries(applyForEvaluation(FILES, reply).changed)).toEqual({ "a.py": "    one\nx\n" });
  });

  it("leaves out a file whose edits cancel out", () => {
    const edits = [
      { path: "a.py", search: "two", replace: "2" },
      { path: "a.py", search: "2", replace: "two" },
    ];

    expect(changed(edits)).toEqual({});
  });

  it("passes over an edit that would make a file too large", () => {
    const grow = { path: "a.py", search: "o", replace: "o".repeat(1_000) };
    const { changed: files, skipped } = applyForEvaluation(FILES, replyWith([grow, grow, grow]));

    expect(skipped.length).toBeGreaterThan(0);
    expect(files.get("a.py")?.length).toBeLessThan(1_100_000);
  });
});
