/**
 * The schema of the chart's values, and the configuration of its nats-servers.
 *
 * @module
 */
export { natsConfigTemplate, natsLeafTemplate } from "./nats-config.ts";
export { valuesSchema } from "./values-schema.ts";
