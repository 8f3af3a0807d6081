/**
 * The child process of a gradient engine: one model on one device.
 *
 * @module
 */
import { serveParent } from "../child/index.ts";
import { describeModel, openGguf } from "../gguf/index.ts";
import { loadLibraries } from "../native/libraries.ts";
import { type Backend, openBackend } from "./backend.ts";
import { type GradientModel, openGradientModel } from "./gradient-model.ts";
import { limitsFor, memoryOf } from "./memory-limits.ts";
import { checkMicroBatch } from "./micro-batch.ts";
import { orthogonalize } from "./orthogonalize.ts";
import type { ModelOnDevice } from "./plan.ts";
import type { GradientOptions, GradientProtocol } from "./protocol.ts";
import { sourceOf } from "./tensor-source.ts";
import { loadWeights } from "./weights.ts";

interface Opened {
  readonly backend: Backend;
  readonly vocabulary: number;
  readonly lanes: number;
  readonly model: GradientModel;
}

let opened: Opened | null = null;

function current(): Opened {
  if (opened === null) throw new RangeError("the gradient engine has not been opened");
  return opened;
}

async function open(options: GradientOptions): Promise<Opened> {
  const { gguf, device, threads, trainable } = options;
  await using file = await openGguf(gguf);
  const shape = describeModel(file, gguf);
  process.env["GGML_VK_DISABLE_F16"] = "1"; // Vulkan's float16 products would leave errors of 1e-2 in the gradient.
  const libraries = loadLibraries(device);
  const lanes = libraries.device.kind === "cpu" ? (options.lanes ?? 1) : 1;
  const backend = openBackend(libraries, threads);
  const backends =
    lanes === 1 ? [backend] : Array.from({ length: lanes }, () => openBackend(libraries, threads, true));
  const weights = await loadWeights(backend, sourceOf(file), trainable.kind === "all");
  const onDevice: ModelOnDevice = { backend, shape, weights };
  const usual = limitsFor(memoryOf(libraries.device) / lanes);
  const limits = { ...usual, keptBytes: options.keptBytes ?? usual.keptBytes };
  const model = openGradientModel(onDevice, backends, trainable, limits);
  return { backend, vocabulary: shape.vocabulary, lanes, model };
}

serveParent<GradientProtocol>({
  async open(options) {
    opened = await open(options);
    return { device: opened.backend.name, lanes: opened.lanes, parameters: opened.model.parameters };
  },
  readParameters: () => current().model.readParameters(),
  writeParameters(flat) {
    current().model.writeParameters(flat);
    return null;
  },
  forward({ batch, adapter, lane }) {
    checkMicroBatch(batch, current().vocabulary);
    return current().model.forward(batch, adapter, lane);
  },
  async backward({ coefficientsT, lane, place }) {
    await current().model.backward(coefficientsT, lane, place);
    return null;
  },
  takeGradients: () => current().model.takeGradients(),
  orthogonalize: (matrices) => matrices.map((matrix) => orthogonalize(current().backend, matrix)),
});
