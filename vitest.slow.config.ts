import { defineConfig } from "vitest/config";

/** Suites that take minutes: `make test-short` runs them in their short form. */
export default defineConfig({
  test: {
    include: ["test/slow/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 1,
    testTimeout: 600_000,
    hookTimeout: 60_000,
  },
});
