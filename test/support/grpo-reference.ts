import { readFile } from "node:fs/promises";
import type { BatchGroup } from "../../proto/index.ts";
import type { GrpoConfig } from "../../updater/index.ts";
import { trainedGroup } from "./training-groups.ts";

/** The GRPO loss with one set of options, by an implementation that has nothing in common with ours. */
export interface GrpoCase {
  readonly name: string;
  readonly options: Partial<GrpoConfig>;
  readonly loss: number;
  /** By the flat parameters. */
  readonly gradient: Float32Array;
}

/** Reads the groups and cases of `test/fixtures/gradients/grpo.json`. */
export async function readGrpoReference(): Promise<{ groups: BatchGroup[]; cases: GrpoCase[] }> {
  const path = new URL("../fixtures/gradients/grpo.json", import.meta.url);
  const stored = JSON.parse(await readFile(path, "utf8")) as Stored;
  return {
    groups: stored.groups.map(({ prompt, samples }, index) =>
      trainedGroup(
        `task-${index}`,
        samples.map((sample) => ({
          ...sample,
          prompt,
          finish: sample.finish === "length" ? ("FINISH_LENGTH" as const) : ("FINISH_END" as const),
          temperature: stored.temperature,
        })),
      ),
    ),
    cases: stored.cases.map((found) => ({
      ...found,
      gradient: new Float32Array(new Uint8Array(Buffer.from(found.gradient, "base64")).buffer),
    })),
  };
}

interface Stored {
  readonly temperature: number;
  readonly groups: readonly {
    prompt: number[];
    samples: readonly { completion: number[]; finish: "end" | "length"; reward: number; mu: number[] }[];
  }[];
  readonly cases: readonly {
    name: string;
    options: Partial<GrpoConfig>;
    loss: number;
    gradient: string;
  }[];
}
