import { type Disposition, FleetError } from "../../core/index.ts";

/** A device has too little memory for what is asked. */
export class DeviceMemoryError extends FleetError {
  readonly code = "llama.device_memory";
  readonly disposition: Disposition;

  /** @param disposition - "reject" where the same would be asked again */
  constructor(message: string, disposition: Disposition = "reject") {
    super(message);
    this.disposition = disposition;
  }
}
