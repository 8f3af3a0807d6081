/**
 * The child process of a gradient engine: one model on one device.
 *
 * @module
 */
import { serveParent } from "../child/index.ts";
import { openGguf } from "../gguf/index.ts";
import { loadLibraries } from "../native/libraries.ts";
import { type Backend, openBackend } from "./backend.ts";
import type { GradientModel } from "./gradient-model.ts";
import { lanesOn, loadGradientModel } from "./load-gradient-model.ts";
import { checkMicroBatch } from "./micro-batch.ts";
import { orthogonalize } from "./orthogonalize.ts";
import type { GradientOptions, GradientProtocol } from "./protocol.ts";
import { sourceOf } from "./tensor-source.ts";

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
  const { gguf, device, threads } = options;
  await using file = await openGguf(gguf);
  process.env["GGML_VK_DISABLE_F16"] = "1"; // Vulkan's float16 products would leave errors of 1e-2 in the gradient.
  const libraries = loadLibraries(device);
  const lanes = lanesOn(libraries.device, options);
  const backend = openBackend(libraries, threads);
  const backends =
    lanes === 1 ? [backend] : Array.from({ length: lanes }, () => openBackend(libraries, threads, true));
  const source = sourceOf(file);
  const { shape, model } = await loadGradientModel(
    file,
    options,
    libraries.device,
    backend,
    backends,
    source,
  );
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
