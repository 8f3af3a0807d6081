/**
 * A process that goes through opening an engine without giving it memory, and says how much it would have been.
 *
 * @module
 */
import { serveParent } from "../child/index.ts";
import type { MemoryProtocol } from "./protocol.ts";

serveParent<MemoryProtocol>({
  engine: async (sizes) => (await import("./engine-memory.ts")).engineMemory(sizes),
  gradient: async (sizes) => (await import("./gradient-memory.ts")).gradientMemory(sizes),
});
