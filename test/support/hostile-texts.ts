const MEBIBYTE = 2 ** 20;

/** What a model may write to fool or break a reader; scripts among them set `hostile`. */
export const HOSTILE_TEXTS: readonly string[] = [
  "<script>globalThis.hostile = 1</script>",
  '<img src="x" onerror="globalThis.hostile = 1">"><svg onload=globalThis.hostile=1>',
  '</pre></section><iframe srcdoc="<script>parent.hostile = 1</script>"></iframe><style>*{display:none}</style>',
  "javascript:globalThis.hostile=1 [x](javascript:globalThis.hostile=1) {{constructor.constructor('hostile=1')()}}",
  "\u001b[2J\u001b]0;title\u0007\u0000\u0008\u007f bell, backspace, escape and nothing",
  "\u202egnp.exe\u202c \u2066isolated\u2069 \u200fright\u200e \u061c to left",
  "שלום עולם, مرحبا بالعالم, and on to the right",
  `one line of 2 MB: ${"x".repeat(2 * MEBIBYTE)}`,
  "zero\u200bwidth\ufeffjoined\u2028next line\u2029next paragraph\u00adsoft",
  `${"\u0301".repeat(500)} a pile of marks, ${"𝓼𝓬𝓻𝓲𝓹𝓽 ".repeat(3)} and a lone half: \ud83d`,
];
