// Original file: proto/fleet/v1/collector.proto


/**
 * Nothing is missing: acknowledge the delivery and forget it.
 */
export interface Settled {
}

/**
 * Nothing is missing: acknowledge the delivery and forget it.
 */
export interface Settled__Output {
}
