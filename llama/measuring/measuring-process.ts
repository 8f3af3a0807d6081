/**
 * A process that measures `llama_decode` alone, as an engine's process calls it.
 *
 * @module
 */
import { serveParent } from "../child/index.ts";
import { type FastestDecode, openFastest } from "./fastest-decode.ts";
import type { MeasuringProtocol } from "./protocol.ts";

let opened: FastestDecode | null = null;

serveParent<MeasuringProtocol>({
  async open(load) {
    opened = await openFastest(load);
    return opened.tried;
  },
  run() {
    if (opened === null) throw new RangeError("there is no load yet");
    return opened.run();
  },
});
