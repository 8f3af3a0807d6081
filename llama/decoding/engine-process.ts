/**
 * The decoding engine's process. `llama_decode` is called synchronously here; messages are looked at between turns.
 *
 * @module
 */
import { setImmediate as nextMessages } from "node:timers/promises";
import { systemClock } from "../../core/index.ts";
import { serveParent } from "../child/index.ts";
import { type AdapterShelf, createAdapterShelf } from "./adapter-shelf.ts";
import { createDecoder, type Decoder } from "./decoder.ts";
import type { EngineOptions } from "./engine.ts";
import type { EngineProtocol, OpenedModel } from "./engine-protocol.ts";
import { loadModel } from "./load-model.ts";
import { createScorer, type Scorer } from "./scorer.ts";
import { isRepacked } from "./settings.ts";
import { createTokenizer, type Tokenizer } from "./tokenizer.ts";

interface Opened {
  readonly tokenizer: Tokenizer;
  readonly adapters: AdapterShelf;
  readonly decoder: Decoder;
  readonly scorer: Scorer;
}

let opened: Opened | null = null;
let wake = () => {};

const parent = serveParent<EngineProtocol>({
  open,
  tokenize: (pieces) => engine().tokenizer.tokenize(pieces),
  async loadAdapter({ adapter, path }) {
    await engine().adapters.load(adapter, path);
    wake(); // What could not be freed meanwhile can be now.
  },
  dropAdapter({ adapter }) {
    engine().adapters.drop(adapter);
    wake();
  },
  async activate({ policy, running }) {
    const { adapters, decoder } = engine();
    const activated = decoder.activate(policy, adapters.get(policy.adapter), running);
    wake();
    await activated;
  },
  generate({ group, request }) {
    engine().decoder.submit(group, request);
    wake();
  },
  cancel: ({ group, sample }) => engine().decoder.cancel(group, sample),
  handOver: ({ group }) => engine().decoder.handOver(group),
  score(request) {
    const { adapters, scorer } = engine();
    const scores = scorer.score(request, adapters.get(request.adapter));
    wake();
    return scores;
  },
  status() {
    const { busySlots, cells, usedCells, waitingSamples, sampledTokens, prefillTokens, policy } =
      engine().decoder;
    return { busySlots, cells, usedCells, waitingSamples, sampledTokens, prefillTokens, policy };
  },
});

function engine(): Opened {
  if (opened === null) throw new RangeError("no model is open");
  return opened;
}

function open(options: EngineOptions): OpenedModel {
  const model = loadModel(options.gguf, options.device, { isRepacked: isRepacked(options) });
  const tokenizer = createTokenizer(model);
  const decoder = createDecoder(model, tokenizer, options, systemClock, {
    finished: (group, completion) => parent.emit("finished", { group, completion }),
    failed: (group, sample, failure) => parent.emit("failed", { group, sample, failure }),
  });
  const scorer = createScorer(model, options, systemClock);
  opened = { tokenizer, adapters: createAdapterShelf(model), decoder, scorer };
  void run(opened);
  return { device: model.device.name, endTokens: tokenizer.endTokens };
}

/** Takes turns while there is work, else sleeps until a message brings some. */
async function run({ adapters, decoder, scorer }: Opened): Promise<never> {
  for (;;) {
    const isDecoding = decoder.turn();
    const isScoring = scorer.turn();
    adapters.free([...decoder.adaptersInUse(), ...scorer.adaptersInUse()]);
    await (isDecoding || isScoring ? nextMessages() : untilWoken());
  }
}

function untilWoken(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  wake = resolve;
  return promise;
}
