/**
 * From an instance to what the model is asked. Wording is ours; tags and edit format are SWE-RL's
 * (arXiv:2502.18449, appendix), since the reward reads them.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { FleetError, type Instance } from "../../core/index.ts";
import type { ChatMessageInit } from "../../proto/index.ts";

/** The prompt's file cannot be used. */
export class PromptTemplateError extends FleetError {
  readonly code = "coordinator.prompt_template";
  readonly disposition = "reject";
}

/** Turns an instance into the messages of its prompt, before the chat template. */
export type RenderPrompt = (instance: Instance) => ChatMessageInit[];

const SYSTEM = `You repair software. Think first, between <think> and </think>. Then answer, between <solution> and </solution>, \
with the edits that resolve the issue and nothing else.`;

const REQUEST = `An issue was reported:

<issue>
{{issue}}
</issue>

These files may have to change:

<file>
{{files}}
</file>

Give every edit as one block of this form, in a fence marked python:

\`\`\`python
### path/of/the/file.py
<<<<<<< SEARCH
lines of the file as they are now, indentation included
=======
the lines that take their place
>>>>>>> REPLACE
\`\`\`

A block's SEARCH lines must be found in its file exactly as written. Leave them empty to create the file.`;

/**
 * Prepares the rendering that `dataset.prompt` asks for.
 *
 * @param prompt - `swe-rl` for our wording, `raw` for issue and files with nothing around them, else a text file in
 * which `{{issue}}` and `{{files}}` are filled in, each file as `### path` and its content
 * @throws {PromptTemplateError} when the file cannot be read or lacks a placeholder
 */
export async function openPromptRenderer(prompt: string): Promise<RenderPrompt> {
  if (prompt === "raw") return (instance) => [user(fillIn("{{issue}}\n\n{{files}}", instance))];
  if (prompt === "swe-rl") {
    return (instance) => [{ role: "system", content: SYSTEM }, user(fillIn(REQUEST, instance))];
  }
  const template = await readTemplate(prompt);
  return (instance) => [user(fillIn(template, instance))];
}

async function readTemplate(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new PromptTemplateError(`the prompt ${path} cannot be read: name a text file, "swe-rl" or "raw"`, {
      cause,
    });
  });
  for (const placeholder of ["{{issue}}", "{{files}}"]) {
    if (!text.includes(placeholder)) {
      throw new PromptTemplateError(`the prompt ${path} has no ${placeholder} to fill in`);
    }
  }
  return text;
}

/** Fills both placeholders in one pass, so that what is filled in is never read as a placeholder. */
function fillIn(template: string, instance: Instance): string {
  return template.replace(/\{\{(issue|files)\}\}/g, (_, name) =>
    name === "issue" ? instance.issue : describeFiles(instance.files),
  );
}

function describeFiles(files: Readonly<Record<string, string>>): string {
  return Object.keys(files)
    .sort()
    .map((path) => `### ${path}\n${files[path] ?? ""}`)
    .join("\n");
}

function user(content: string): ChatMessageInit {
  return { role: "user", content };
}
