import { availableParallelism, freemem, totalmem } from "node:os";
import { describeBytes } from "../../core/index.ts";
import { kernelsInUse, listDevices } from "../../llama/index.ts";
import { findNatsServer } from "../../transport/index.ts";
import { describeError } from "../exit.ts";
import { note } from "../print.ts";
import { describeKernels } from "../show/kernels.ts";
import type { Finding } from "./finding.ts";

/** What this machine offers a run. Builds nats-server where it is missing and can be. */
export async function examineMachine(): Promise<Finding[]> {
  return [node(), memory(), ...devices(), kernels(), await natsServer()];
}

function node(): Finding {
  return { what: "node", works: true, detail: `${process.version}, ${process.platform} ${process.arch}` };
}

function memory(): Finding {
  const detail = `${availableParallelism()} cores, ${describeBytes(freemem())} of ${describeBytes(totalmem())} free`;
  return { what: "machine", works: true, detail };
}

function devices(): Finding[] {
  return listDevices().map(({ device, works, detail }) => ({
    what: device === "cpu" ? "llama.cpp" : "device",
    works,
    detail: `${device}: ${detail}`,
  }));
}

/** Of the CPU. */
function kernels(): Finding {
  const what = "kernels";
  try {
    const used = kernelsInUse();
    const hint =
      used.compiler === null ? "; `fleet kernels` compiles them here, and keeps what is faster" : "";
    return { what, works: true, detail: `${describeKernels(used)}${hint}` };
  } catch (error) {
    return { what, works: false, detail: describeError(error) };
  }
}

async function natsServer(): Promise<Finding> {
  try {
    const { path, version } = await findNatsServer({ onProgress: note });
    return { what: "nats-server", works: true, detail: `${version}, ${path}` };
  } catch (error) {
    return { what: "nats-server", works: false, detail: describeError(error) };
  }
}
