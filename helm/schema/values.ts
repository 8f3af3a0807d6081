/**
 * What may stand in the chart's values.
 *
 * @module
 */
import { z } from "zod";
import { Pool } from "./pool.ts";
import { KubernetesMap, NodeSelector, Resources, Storage, TaggedImage, Tolerations } from "./shared.ts";
import { Volume } from "./volume.ts";

const text = z.string();
/** Servers with their ports, separated by commas, as every process takes them. */
function natsServer(scheme: string): string {
  const one = `${scheme}://(\\[[0-9a-fA-F:]+\\]|[A-Za-z0-9_.-]+):[0-9]{1,5}`;
  return `${one}(,${one})*`;
}
const scheduling = { resources: Resources, nodeSelector: NodeSelector, tolerations: Tolerations };

const Image = z.strictObject({
  repository: z.string().min(1).describe("Without tag and digest."),
  tag: z
    .string()
    .describe("Empty: the chart's appVersion.")
    .meta({ not: { const: "latest" } }),
  digest: z.string().regex(/^(sha256:[0-9a-f]{64})?$/),
  cudaDigest: z.string().regex(/^(sha256:[0-9a-f]{64})?$/),
  pullPolicy: z.enum(["IfNotPresent", "Always", "Never"]),
  pullSecrets: z.array(z.string().min(1)),
});

const Nats = z.strictObject({
  enabled: z.boolean(),
  url: z.string().regex(new RegExp(`^(${natsServer("(nats|tls)")})?$`)),
  replicas: z.literal([1, 3]),
  image: TaggedImage,
  storage: Storage,
  ...scheduling,
});

const Updater = z.strictObject({
  device: z.enum(["cuda", "vulkan", "cpu"]),
  image: z.union([z.literal(""), TaggedImage]),
  threads: z.int().min(1).max(256),
  storage: Storage,
  ...scheduling,
  runtimeClassName: text,
  resourceClaims: z.array(KubernetesMap),
  gguf: text,
});

const Tls = z.strictObject({
  enabled: z.boolean(),
  mutual: z.boolean(),
  existingSecret: text,
  existingClientSecret: text,
  certManager: z.strictObject({
    enabled: z.boolean(),
    issuer: z.strictObject({ name: text, kind: text, group: text }),
  }),
});

const Expose = z.strictObject({
  enabled: z.boolean(),
  type: z.enum(["LoadBalancer", "NodePort"]),
  annotations: z.record(z.string(), z.string()),
  natsUrl: z.string().regex(new RegExp(`^(${natsServer("tls")})?$`)),
  names: z.array(z.string().min(1)),
  leafNodes: z.boolean(),
});

const HostAndPort = z.string().regex(/^([A-Za-z0-9_.-]+:[0-9]{1,5})?$/);

const Join = z.strictObject({
  coordinator: HostAndPort,
  nats: HostAndPort,
  run: z.string().regex(/^[a-z0-9-]{0,40}$/),
});

const NetworkPolicies = z.strictObject({
  enabled: z.boolean(),
  metricsFrom: NodeSelector,
  kedaFrom: NodeSelector,
  extraEgress: z.array(KubernetesMap),
});

/** The chart's values but `run`, which is run.yaml's own schema. */
export const ChartValues = z.strictObject({
  image: Image,
  model: Volume.extend({ sha256: z.string().regex(/^([0-9a-f]{64})?$/) }),
  dataset: Volume,
  nats: Nats,
  coordinator: z.strictObject({ storage: Storage, ...scheduling }),
  updater: Updater,
  workers: z.array(Pool),
  autoscaler: z.strictObject({
    kind: z.enum(["none", "builtin", "keda"]),
    existingSecret: text,
    ...scheduling,
  }),
  secrets: z.strictObject({ existingSecret: text }),
  tls: Tls,
  expose: Expose,
  join: Join,
  networkPolicies: NetworkPolicies,
  podMonitor: z.strictObject({ enabled: z.boolean(), labels: NodeSelector }),
  monitoring: z.strictObject({ alerts: z.boolean(), labels: NodeSelector, boards: z.boolean() }),
  drainSeconds: z.int().min(1).max(86_400),
  global: KubernetesMap.optional().describe("Helm's own, for charts that contain this one."),
});
