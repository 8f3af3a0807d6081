import { ForeignInputError } from "../../core/index.ts";

/** Where in a reply something is, and what is there. */
export interface Excerpt {
  readonly text: string;
  /** UTF-16 offset in the reply. */
  readonly at: number;
}

/**
 * Why a reply gets −1. `errorClass` is one of: `tag:<think>`, `tag:</think>`, `tag:<solution>`,
 * `tag:</solution>`, `empty-thought`, `no-blocks`, `identical`, `not-found`, `too-large`, `empty-change`, `too-expensive`,
 * or `bad-diff` for a reply that is a unified diff.
 */
export class ReplyMistake extends ForeignInputError {
  readonly code = "rewards.reply_mistake";
  readonly disposition = "reject";
  readonly errorClass: string;
  readonly excerpt: Excerpt | null;

  constructor(errorClass: string, message: string, excerpt: Excerpt | null) {
    super(message);
    this.errorClass = errorClass;
    this.excerpt = excerpt;
  }
}
