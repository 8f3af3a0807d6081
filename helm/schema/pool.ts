import { z } from "zod";
import { KubernetesMap, NodeSelector, Resources, SizeLimit, TaggedImage, Tolerations } from "./shared.ts";

/** Bounds and prices of a pool whose size follows the work; the run's own `scaling.pools` without the name. */
const Scaling = z.strictObject({
  min: z.int().min(0).optional(),
  max: z.int().min(0),
  cost: z.number().positive().optional(),
  startSeconds: z.number().positive().max(7_200).optional(),
  tokensPerSecond: z.number().positive().optional(),
});

/** One pool of workers: a Deployment. */
export const Pool = z.strictObject({
  name: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$/),
  replicas: z.int().min(0).optional(),
  device: z.enum(["cuda", "vulkan", "cpu"]).optional(),
  slots: z.int().min(1).max(100).optional(),
  threads: z.int().min(1).max(256).optional(),
  resources: Resources.optional(),
  resourceClaims: z.array(KubernetesMap).optional(),
  nodeSelector: NodeSelector.optional(),
  tolerations: Tolerations.optional(),
  runtimeClassName: z.string().optional(),
  spot: z.boolean().optional(),
  gguf: z.string().optional(),
  image: TaggedImage.optional(),
  maxUnavailable: z.union([z.int().min(1), z.string().regex(/^[1-9][0-9]?%$|^100%$/)]).optional(),
  scratch: SizeLimit.optional(),
  scaling: Scaling.nullable().optional(),
});
