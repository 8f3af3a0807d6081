// Who may import whom, read top to bottom. docs/generate.ts draws it into docs/architecture.md.
export const allowed = {
  proto: [],
  core: [],
  telemetry: ["core"],
  transport: ["proto", "core", "telemetry"],
  llama: ["core"],
  rewards: ["core"],
  workers: ["proto", "core", "llama", "telemetry", "transport", "rewards"],
  updater: ["proto", "core", "llama", "telemetry", "transport"],
  dashboard: [],
  coordinator: ["proto", "core", "telemetry", "transport", "rewards", "dashboard"],
  evals: ["proto", "core", "telemetry", "transport", "rewards"],
  autoscaler: ["proto", "core", "telemetry", "transport"],
  curation: ["core", "telemetry", "rewards"],
  cli: [
    "proto",
    "core",
    "llama",
    "telemetry",
    "transport",
    "rewards",
    "dashboard",
    "coordinator",
    "workers",
    "updater",
    "curation",
    "evals",
    "autoscaler",
  ],
};

// Libraries that only one folder may know about.
const owners = {
  "node-llama-cpp": "llama",
  koffi: "llama",
  "@nats-io": "transport",
  "@grpc": "transport",
  "@duckdb": "coordinator",
  "@huggingface/jinja": "llama",
  piscina: "workers",
  commander: "cli",
  "@kubernetes/client-node": "autoscaler",
  preact: "dashboard",
  uplot: "dashboard",
  "@opentelemetry/(sdk|exporter)": "telemetry",
};

const folders = Object.keys(allowed).join("|");

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    ...Object.entries(allowed).map(([from, to]) => ({
      name: `${from}-imports`,
      comment: `${from}/ may import only: ${to.join(", ") || "nothing of ours"}`,
      severity: "error",
      from: { path: `^${from}/` },
      to: { path: `^(${folders})/`, pathNot: `^(${[from, ...to].join("|")})/` },
    })),
    ...Object.entries(owners).map(([library, owner]) => ({
      name: `only-${owner.replaceAll("|", "-and-")}-knows-${library}`,
      severity: "error",
      from: { path: `^(${folders})/`, pathNot: `^(${owner})/` },
      to: { path: `node_modules/${library}` },
    })),
    {
      name: "through-the-front-door",
      comment:
        "Import another folder through its index.ts only; its schema also alone, through its config.ts.",
      severity: "error",
      from: { path: `^(${folders}|test)/` },
      to: { path: `^(${folders})/`, pathNot: ["^$1/", "^[^/]+/(index|config)\\.ts$"] },
    },
    {
      name: "no-cycles",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "no-test-code-in-production",
      severity: "error",
      from: { pathNot: "^test/" },
      to: { path: "^test/" },
    },
    {
      name: "no-dev-dependencies-in-production",
      comment: "dashboard/ is built: what it imports becomes part of the page.",
      severity: "error",
      from: { path: `^(${folders})/`, pathNot: "^dashboard/" },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"] },
    },
    { name: "main-is-never-imported", severity: "error", from: {}, to: { path: "/main\\.ts$" } },
    {
      name: "no-orphans",
      severity: "error",
      from: { orphan: true, pathNot: ["/main\\.ts$", "^test/", "\\.config\\.ts$", "\\.d\\.ts$"] },
      to: {},
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    exclude: "^(proto/gen|dashboard/dist)",
  },
};
