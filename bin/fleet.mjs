#!/usr/bin/env node
// Starts `fleet` under Node 24 or newer: the one that runs this file, else the one that `npm ci` installed.
// Plain JavaScript, so that an older Node can read it.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import * as nodeModule from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const OLDEST = 24;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const main = join(root, "cli", "main.ts");

// Compiled code is kept, so that each of a run's processes starts in half the time.
process.env.NODE_COMPILE_CACHE ??= join(
  process.env.XDG_CACHE_HOME || join(process.env.HOME || tmpdir(), ".cache"),
  "rollout-fleet",
  "compiled",
);

if (Number(process.versions.node.split(".")[0]) >= OLDEST) {
  nodeModule.enableCompileCache(process.env.NODE_COMPILE_CACHE);
  await import(main);
} else {
  startUnder(installedNode());
}

function installedNode() {
  try {
    const manifest = nodeModule
      .createRequire(join(root, "package.json"))
      .resolve(`node-linux-${process.arch}/package.json`);
    const node = join(dirname(manifest), "bin", "node");
    if (existsSync(node)) return node;
  } catch {
    // Not installed: said below.
  }
  process.stderr.write(
    `fleet: needs Node ${OLDEST} or newer, this is ${process.versions.node}; run "npm ci" in ${root}, which installs one for Linux x64 and arm64\n`,
  );
  process.exit(2);
}

function startUnder(node) {
  // The channel tells the child when this process is gone, however it went.
  const child = spawn(node, [main, ...process.argv.slice(2)], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
  });
  // A terminal sends Ctrl-C to both; a signal that was sent to this process alone is passed on.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.exit(signal === "SIGINT" || signal === "SIGTERM" ? 130 : 1);
  });
}
