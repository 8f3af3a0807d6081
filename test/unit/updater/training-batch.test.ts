import { describe, expect, it } from "vitest";
import { GrpoConfig, MalformedBatchError, trainingBatch } from "../../../updater/index.ts";
import { type TrainedRollout, trainedGroup } from "../../support/training-groups.ts";

function rolloutThat(given: Partial<TrainedRollout>): TrainedRollout {
  return { prompt: [1, 2, 3], completion: [4, 5], mu: [-0.5, -0.25], reward: 0, ...given };
}

describe("a batch as it is trained", () => {
  it("has prompt and completion in a row, and log-probabilities for the completion alone", () => {
    const group = trainedGroup("t", [rolloutThat({ reward: 1 }), rolloutThat({ completion: [6], mu: [-1] })]);

    const { sequences, temperature } = trainingBatch([group], GrpoConfig.parse({ scale: "none" }));

    expect(temperature).toBe(1);
    expect([...(sequences[0]?.tokens ?? [])]).toEqual([1, 2, 3, 4, 5]);
    expect(sequences.map(({ from }) => from)).toEqual([3, 3]);
    expect(sequences.map(({ advantage }) => advantage)).toEqual([0.5, -0.5]);
    expect(sequences.map(({ scale }) => scale)).toEqual([1 / 3, 1 / 3]);
    expect(sequences[0]?.muT).toEqual(Float32Array.of(-0.5, -0.25));
  });

  it("weighs by the truncated probability where sampling was truncated", () => {
    const group = trainedGroup("t", [rolloutThat({ reward: 1, logq: [-0.1, -0.2] }), rolloutThat({})]);

    const { sequences } = trainingBatch([group], GrpoConfig.parse({}));

    expect(sequences[0]?.muT).toEqual(Float32Array.of(-0.1, -0.2));
    expect(sequences[0]?.recordedT).toEqual(Float32Array.of(-0.5, -0.25));
  });

  it("keeps completions that were cut off in the baseline and leaves them out of the loss", () => {
    const overlong = rolloutThat({ reward: -1, finish: "FINISH_LENGTH" });
    const group = trainedGroup("t", [rolloutThat({ reward: 1 }), overlong, rolloutThat({ reward: 0 })]);
    const options = GrpoConfig.parse({ scale: "none", maskOverlong: true });

    const { sequences } = trainingBatch([group], options);

    expect(sequences.map(({ advantage }) => advantage)).toEqual([1, 0]);
    expect(sequences.map(({ scale }) => scale)).toEqual([1 / 4, 1 / 4]);
  });

  it("compares a completion with its own group only", () => {
    const groups = [
      trainedGroup("a", [rolloutThat({ reward: 1 }), rolloutThat({ reward: 0 })]),
      trainedGroup("b", [rolloutThat({ reward: -1 }), rolloutThat({ reward: 0 })]),
    ];

    const { sequences } = trainingBatch(groups, GrpoConfig.parse({ scale: "none" }));

    expect(sequences.map(({ group, advantage }) => [group, advantage])).toEqual([
      [0, 0.5],
      [0, -0.5],
      [1, -0.5],
      [1, 0.5],
    ]);
  });

  it("is refused when log-probabilities are missing or temperatures differ", () => {
    const short = trainedGroup("t", [rolloutThat({ mu: [-1] }), rolloutThat({})]);
    const mixed = trainedGroup("t", [rolloutThat({ temperature: 0.5 }), rolloutThat({})]);

    expect(() => trainingBatch([short], GrpoConfig.parse({}))).toThrow(MalformedBatchError);
    expect(() => trainingBatch([mixed], GrpoConfig.parse({}))).toThrow(
      "a batch needs one temperature above 0, this one has 0.5, 1",
    );
  });
});
