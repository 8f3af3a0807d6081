/**
 * The date that chat templates see. Some print "today"; a prompt must not depend on when it is rendered, so today is
 * always the date that Llama 3.1's own template falls back to.
 *
 * @module
 */

/** The date in the form that Llama 3.1's template prints. */
export const PINNED_DATE = "26 Jul 2024";

const FIELDS: { readonly [code: string]: string } = {
  "%Y": "2024",
  "%y": "24",
  "%m": "07",
  "%d": "26",
  "%b": "Jul",
  "%B": "July",
  "%a": "Fri",
  "%A": "Friday",
  "%H": "00",
  "%M": "00",
  "%S": "00",
  "%%": "%",
};

/** `strftime_now` of chat templates: the pinned date at midnight in a `strftime` format; unknown codes stay as they are. */
export function formatPinnedDate(format: string): string {
  return format.replaceAll(/%./g, (code) => FIELDS[code] ?? code);
}
