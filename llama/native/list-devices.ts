import { whyNoDevice } from "./device-probe.ts";
import type { Device } from "./libraries.ts";
import { findLibraries } from "./library-folder.ts";

/** Whether llama.cpp can compute on a kind of device here, and with what or why not. */
export interface DeviceOffer {
  readonly device: Exclude<Device, "auto">;
  readonly works: boolean;
  readonly detail: string;
}

/** What this machine and this install offer, best first. */
export function listDevices(): DeviceOffer[] {
  return [gpuOffer("cuda"), gpuOffer("vulkan"), cpuOffer()];
}

function gpuOffer(device: "cuda" | "vulkan"): DeviceOffer {
  const reason = whyNoDevice(device);
  return { device, works: reason === null, detail: reason ?? findLibraries(device).folder };
}

function cpuOffer(): DeviceOffer {
  try {
    return { device: "cpu", works: true, detail: findLibraries("cpu").folder };
  } catch (error) {
    return { device: "cpu", works: false, detail: error instanceof Error ? error.message : String(error) };
  }
}
