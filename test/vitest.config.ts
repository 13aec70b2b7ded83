/** Tests run from the sources: the `source` condition resolves our packages to TypeScript, so no build stands in between. */
import { defineConfig } from "vitest/config";

// `import` is not among them: protobufjs would load a `long` without its exact integers.
const conditions = ["source", "node"];
const exclude = ["**/node_modules/**", "**/dist/**"];
// Whole processes on real sockets: they run one file at a time, or the timings of one would be the load of another.
const endToEnd = ["packages/*/src/**/*.e2e.test.ts", "test/*/**/*.test.ts"];
/** How often every property is tried, where that is not its default: hours, if many. */
const runs = process.env["RONDO_RUNS"];

export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    pool: "forks",
    // For the threads of what is tested, which Node loads by itself.
    execArgv: ["--conditions=source"],
    maxWorkers: 2,
    testTimeout: runs === undefined ? 30_000 : 0,
    setupFiles: runs === undefined ? [] : ["test/property-runs.ts"],
    // What is waited for comes when a busy machine gets to it; only what never comes should fail.
    expect: { poll: { timeout: 10_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: "packages",
          include: ["packages/*/src/**/*.test.ts", "test/*.test.ts"],
          exclude: [...exclude, "packages/*/src/**/*.e2e.test.ts"],
        },
      },
      {
        extends: true,
        test: { name: "end-to-end", include: endToEnd, exclude, fileParallelism: false, testTimeout: 120_000 },
      },
    ],
  },
});
