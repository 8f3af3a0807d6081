// Original file: proto/fleet/v1/trainer.proto

import type { Rewind as _fleet_v1_Rewind, Rewind__Output as _fleet_v1_Rewind__Output } from '../../fleet/v1/Rewind.ts';

export interface Opened {
  'epoch'?: (number);
  /**
   * The ledger's newest step. When the trainer's is one ahead it publishes that one again first.
   */
  'step'?: (number);
  /**
   * Set when the ledger's newest step went back to an older policy: the trainer takes that policy for this step's and
   * hands it over again, since its adapter may not be kept any more.
   */
  'rewind'?: (_fleet_v1_Rewind | null);
}

export interface Opened__Output {
  'epoch': (number);
  /**
   * The ledger's newest step. When the trainer's is one ahead it publishes that one again first.
   */
  'step': (number);
  /**
   * Set when the ledger's newest step went back to an older policy: the trainer takes that policy for this step's and
   * hands it over again, since its adapter may not be kept any more.
   */
  'rewind': (_fleet_v1_Rewind__Output | null);
}
