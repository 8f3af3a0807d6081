import { FleetError } from "../../core/index.ts";

/** A device has too little memory for what is asked. */
export class DeviceMemoryError extends FleetError {
  readonly code = "llama.device_memory";
  readonly disposition = "retry";
}
