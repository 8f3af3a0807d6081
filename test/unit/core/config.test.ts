import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ConfigError, readConfig } from "../../../core/index.ts";

const Schema = z.strictObject({
  model: z.string(),
  slots: z.int().min(1).default(8),
  pools: z.array(z.strictObject({ device: z.string() })).default([]),
});

describe("readConfig", () => {
  it("fills in defaults", () => {
    expect(readConfig(Schema, { model: "m.gguf" }, "run.yaml")).toEqual({
      model: "m.gguf",
      slots: 8,
      pools: [],
    });
  });

  it("reports every problem at once, with the file's name", () => {
    const read = () => readConfig(Schema, { slots: 0, modle: "m.gguf" }, "run.yaml");

    expect(read).toThrow(ConfigError);
    expect(read).toThrow(/^run\.yaml/);
    expect(read).toThrow(/slots: /);
    expect(read).toThrow(/modle: unknown key, did you mean "model"\?/);
  });

  it("names the nearest key where the wrong one is nested", () => {
    const read = () =>
      readConfig(Schema, { model: "m.gguf", pools: [{ device: "cpu", devise: "cpu" }] }, "run.yaml");

    expect(read).toThrow(/pools\.0\.devise: unknown key, did you mean "device"\?/);
  });
});
