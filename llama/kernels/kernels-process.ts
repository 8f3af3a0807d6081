/**
 * A process that measures the kernels it was started with: ggml loads one library of them a process.
 *
 * @module
 */
import { serveParent } from "../child/index.ts";
import { measureProducts } from "./products.ts";
import type { KernelsProtocol } from "./protocol.ts";

serveParent<KernelsProtocol>({ measure: measureProducts });
