/** An edit as a reply states it. */
export interface ReplyEdit {
  readonly path: string;
  readonly search: string;
  readonly replace: string;
}

/** A well-formed reply with the given edits, each in a fence of its own. */
export function replyWith(edits: readonly ReplyEdit[]): string {
  return `<think>\nbecause\n</think>\n<solution>\n${edits.map(blockOf).join("\n\n")}\n</solution>`;
}

function blockOf({ path, search, replace }: ReplyEdit): string {
  const edit = `### ${path}\n<<<<<<< SEARCH\n${search}\n=======\n${replace}\n>>>>>>> REPLACE`;
  return `\`\`\`python\n${edit}\n\`\`\``;
}
