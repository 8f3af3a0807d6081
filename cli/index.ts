export { configurationPage } from "./configuration-page.ts";
export { RunConfig } from "./run-config.ts";
