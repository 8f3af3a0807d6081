import { FleetError, ForeignInputError } from "../../core/index.ts";

/** A tokenizer.json is not a byte-level BPE that llama.cpp splits as its author does. */
export class TokenizerFileError extends ForeignInputError {
  readonly code = "llama.tokenizer_file_unusable";
  readonly disposition = "reject";
}

/** What was asked for cannot be written in that form. */
export class ExportError extends FleetError {
  readonly code = "llama.export_impossible";
  readonly disposition = "reject";
}
