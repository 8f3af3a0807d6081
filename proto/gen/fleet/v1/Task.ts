// Original file: proto/fleet/v1/task.proto

import type { ChatMessage as _fleet_v1_ChatMessage, ChatMessage__Output as _fleet_v1_ChatMessage__Output } from '../../fleet/v1/ChatMessage.ts';
import type { Sampling as _fleet_v1_Sampling, Sampling__Output as _fleet_v1_Sampling__Output } from '../../fleet/v1/Sampling.ts';
import type { RewardSettings as _fleet_v1_RewardSettings, RewardSettings__Output as _fleet_v1_RewardSettings__Output } from '../../fleet/v1/RewardSettings.ts';
import type { PolicyRef as _fleet_v1_PolicyRef, PolicyRef__Output as _fleet_v1_PolicyRef__Output } from '../../fleet/v1/PolicyRef.ts';
import type { Reference as _fleet_v1_Reference, Reference__Output as _fleet_v1_Reference__Output } from '../../fleet/v1/Reference.ts';

/**
 * The order for one group.
 */
export interface Task {
  'run'?: (string);
  /**
   * "train" or "eval".
   */
  'lane'?: (string);
  /**
   * Of the queue, "base": any worker of the run may take a task, whichever quantization of the base it has.
   */
  'variant'?: (string);
  'task'?: (string);
  'dispatch'?: (number);
  /**
   * Id of the dataset's instance.
   */
  'instance'?: (string);
  'messages'?: (_fleet_v1_ChatMessage)[];
  /**
   * Indexes of the samples that were missing when this was sent; the lease decides.
   */
  'samples'?: (number)[];
  'sampling'?: (_fleet_v1_Sampling | null);
  'reward'?: (_fleet_v1_RewardSettings | null);
  /**
   * What to load ahead; the lease decides.
   */
  'policy'?: (_fleet_v1_PolicyRef | null);
  /**
   * One of the two: the reference itself, or the SHA-256 of its encoding in the INSTANCES store.
   */
  'reference'?: (_fleet_v1_Reference | null);
  'referenceDigest'?: (string);
  /**
   * Seed of the run; with task and sample index the key of a sample's random numbers.
   */
  'seed'?: (string);
}

/**
 * The order for one group.
 */
export interface Task__Output {
  'run': (string);
  /**
   * "train" or "eval".
   */
  'lane': (string);
  /**
   * Of the queue, "base": any worker of the run may take a task, whichever quantization of the base it has.
   */
  'variant': (string);
  'task': (string);
  'dispatch': (number);
  /**
   * Id of the dataset's instance.
   */
  'instance': (string);
  'messages': (_fleet_v1_ChatMessage__Output)[];
  /**
   * Indexes of the samples that were missing when this was sent; the lease decides.
   */
  'samples': (number)[];
  'sampling': (_fleet_v1_Sampling__Output | null);
  'reward': (_fleet_v1_RewardSettings__Output | null);
  /**
   * What to load ahead; the lease decides.
   */
  'policy': (_fleet_v1_PolicyRef__Output | null);
  /**
   * One of the two: the reference itself, or the SHA-256 of its encoding in the INSTANCES store.
   */
  'reference': (_fleet_v1_Reference__Output | null);
  'referenceDigest': (string);
  /**
   * Seed of the run; with task and sample index the key of a sample's random numbers.
   */
  'seed': (string);
}
