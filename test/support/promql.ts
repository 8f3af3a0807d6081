/** What a PromQL query names. */
export interface NamedInQuery {
  readonly metrics: readonly { readonly name: string; readonly labels: readonly string[] }[];
  /** Labels by which series are grouped or joined. */
  readonly grouping: readonly string[];
  /** Whatever else is written as a word. */
  readonly words: readonly string[];
}

const STRINGS = /"(?:[^"\\]|\\.)*"/g;
const GROUPINGS = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g;
const SELECTORS = /\b([a-zA-Z_:][a-zA-Z0-9_:]*)\s*\{([^}]*)\}/g;
const WINDOWS = /\[[^\]]*\]/g;
const WORDS = /\b[a-zA-Z_:][a-zA-Z0-9_:]*\b/g;

/** Takes a query apart as far as names go; what the names mean is not looked at. */
export function readQuery(query: string): NamedInQuery {
  const bare = query.replaceAll(STRINGS, '""').replaceAll(WINDOWS, " ");
  const grouping = [...bare.matchAll(GROUPINGS)].flatMap(([, labels = ""]) => namesIn(labels));
  const rest = bare.replaceAll(GROUPINGS, " ");
  const metrics = [...rest.matchAll(SELECTORS)].map(([, name = "", matchers = ""]) => ({
    name,
    labels: namesIn(matchers),
  }));
  return { metrics, grouping, words: namesIn(rest.replaceAll(SELECTORS, " ")) };
}

/** The labels in a text with `{{label}}` or `{{ $labels.label }}`. */
export function labelsInTemplate(text: string): string[] {
  return [...text.matchAll(/\{\{([^}]*)\}\}/g)].flatMap(([, inside = ""]) =>
    inside.includes("$")
      ? [...inside.matchAll(/\$labels\.(\w+)/g)].map(([, label = ""]) => label)
      : [inside.trim()],
  );
}

function namesIn(text: string): string[] {
  return [...text.matchAll(WORDS)].map(([word]) => word);
}
