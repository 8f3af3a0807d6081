import { readdir, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { DecodingConfig, readModelInfo, settleDecoding } from "../../llama/index.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyModel } from "../support/tiny-model.ts";

const FASTEST = DecodingConfig.parse({ fastest: true });

let folder: TemporaryFolder;
let place: Parameters<typeof settleDecoding>[1];
beforeAll(async () => {
  folder = await openTemporaryFolder();
  const gguf = folder.file("model.gguf");
  await writeTinyModel(gguf);
  place = { gguf, model: await readModelInfo(gguf), device: "cpu", slots: 2, threads: 1 };
});
afterAll(() => folder[Symbol.asyncDispose]());

let caches = 0;
let cache: string;
beforeEach(() => {
  cache = folder.file(`cache-${++caches}`);
  vi.stubEnv("XDG_CACHE_HOME", cache);
});

describe("the fastest decoding, where it is asked for", () => {
  it("is tried once on a machine, and kept for the workers that start there later", async () => {
    const first = await settleDecoding(FASTEST, place);
    const later = await settleDecoding(FASTEST, place);

    expect(first).toEqual({ decoding: DecodingConfig.parse({ ...first.decoding }), known: "tried" });
    expect(later).toEqual({ decoding: first.decoding, known: "kept" });
  });

  it("is the same for workers that try at the same time", async () => {
    const settled = await Promise.all([settleDecoding(FASTEST, place), settleDecoding(FASTEST, place)]);

    expect(settled.map(({ known }) => known).sort()).toEqual(["kept", "tried"]);
    expect(settled[0]?.decoding).toEqual(settled[1]?.decoding);
  });

  it("is tried again where what was kept is damaged, and mended", async () => {
    await settleDecoding(FASTEST, place);
    const kept = `${cache}/rollout-fleet/decoding`;
    const [name = ""] = await readdir(kept);
    await writeFile(`${kept}/${name}`, "{");

    expect((await settleDecoding(FASTEST, place)).known).toBe("tried");
    expect((await settleDecoding(FASTEST, place)).known).toBe("kept");
    expect(await readdir(kept)).toEqual([name]);
  });

  it("is tried anew for another load", async () => {
    await settleDecoding(FASTEST, place);

    const other = await settleDecoding(FASTEST, { ...place, slots: 4 });

    expect(other.known).toBe("tried");
    expect(await readdir(`${cache}/rollout-fleet/decoding`)).toHaveLength(2);
  });

  it("is found where nothing can be kept", async () => {
    vi.stubEnv("XDG_CACHE_HOME", "/dev/null");

    expect((await settleDecoding(FASTEST, place)).known).toBe("tried");
  });

  it("is given up when the worker is told to stop, and nothing is kept", async () => {
    const stop = new AbortController();
    const settling = settleDecoding(FASTEST, place, stop.signal);
    stop.abort();

    await expect(settling).rejects.toMatchObject({ disposition: "cancelled" });
    await expect(readdir(cache)).rejects.toThrow("ENOENT");
  });

  it("is not tried where the settings are told", async () => {
    const told = DecodingConfig.parse({ flashAttention: "on" });

    expect(await settleDecoding(told, { ...place, gguf: "nowhere.gguf" })).toEqual({
      decoding: told,
      known: "told",
    });
  });
});
