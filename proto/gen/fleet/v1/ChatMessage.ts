// Original file: proto/fleet/v1/task.proto


/**
 * One turn of a conversation, before the chat template.
 */
export interface ChatMessage {
  'role'?: (string);
  'content'?: (string);
}

/**
 * One turn of a conversation, before the chat template.
 */
export interface ChatMessage__Output {
  'role': (string);
  'content': (string);
}
