/**
 * Parts that several sections of the values have.
 *
 * @module
 */
import { z } from "zod";

/** Bytes that the chart computes with: Kubernetes's binary units, whole numbers. */
const Quantity = z.string().regex(/^[1-9][0-9]*(Mi|Gi|Ti)$/);

/** For `not` in a schema: what Helm's regular expressions, which know no look-ahead, cannot say otherwise. */
export const NO_LATEST = { pattern: ":latest$" };

/** Something of Kubernetes's own schema, which the API server checks. */
export const KubernetesMap = z.record(z.string(), z.unknown());

/** Labels and their values. */
export const NodeSelector = z.record(z.string(), z.string());

/** As in a pod. */
export const Tolerations = z.array(KubernetesMap);

const Amounts = z.record(z.string(), z.union([z.string(), z.number()]));

/** As in a container; both are asked for, since a namespace's quota may ask for both. */
export const Resources = z.strictObject({ requests: Amounts, limits: Amounts });

/** A claim that a StatefulSet makes for each of its pods. */
export const Storage = z.strictObject({ class: z.string().nullable().optional(), size: Quantity });

/** An image by tag or digest, never by a tag that means another image tomorrow. */
export const TaggedImage = z
  .string()
  .regex(/^.+(:[^/]+|@sha256:[0-9a-f]{64})$/)
  .meta({ not: NO_LATEST });

/** Most that a folder on the node's own disk takes. */
export const SizeLimit = Quantity;
