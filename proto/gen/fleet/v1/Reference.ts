// Original file: proto/fleet/v1/task.proto

import type { OracleFile as _fleet_v1_OracleFile, OracleFile__Output as _fleet_v1_OracleFile__Output } from '../../fleet/v1/OracleFile.ts';

/**
 * What the reward compares with.
 */
export interface Reference {
  'files'?: ({[key: string]: string});
  'oracle'?: (_fleet_v1_OracleFile)[];
}

/**
 * What the reward compares with.
 */
export interface Reference__Output {
  'files': ({[key: string]: string});
  'oracle': (_fleet_v1_OracleFile__Output)[];
}
