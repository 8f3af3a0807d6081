/**
 * Conversations as prompts.
 *
 * @module
 */

export type { PromptPiece } from "./pieces.ts";
export { createTemplate, type PromptTemplate, TemplateError } from "./template.ts";
