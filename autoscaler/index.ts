/**
 * Carries out in a Kubernetes cluster how many workers each pool is to have.
 *
 * @module
 */

export { runAutoscaler } from "./run-autoscaler.ts";
