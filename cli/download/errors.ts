import { FleetError } from "../../core/index.ts";

/** The file is not to be had there, or is another one. */
export class DownloadRefusedError extends FleetError {
  readonly code = "cli.download_refused";
  readonly disposition = "reject";
}

/** The link broke, or the server had no time. */
export class DownloadBrokenError extends FleetError {
  readonly code = "cli.download_broken";
  readonly disposition = "retry";
}
