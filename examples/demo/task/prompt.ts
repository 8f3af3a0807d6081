/** What a model is asked: the text that `prompt.txt` gives for one file. */
export function promptOf(issue: string, path: string, content: string): string {
  return `<issue>\n${issue}\n</issue>\n${fileBlock(path, content)}`;
}

/** A file as a prompt shows it. `content` ends with a line break. */
export function fileBlock(path: string, content: string): string {
  return `<file>\n### ${path}\n${content}</file>\n`;
}
