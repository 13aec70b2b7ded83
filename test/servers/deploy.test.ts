/** The configurations that deploy/compose.yaml gives its servers, judged by those servers themselves. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { needs, tool } from "../needs.ts";

// The file is ours, and test/deploy.test.ts holds its shape.
const { configs } = parse(readFileSync(new URL("../../deploy/compose.yaml", import.meta.url), "utf8")) as {
  readonly configs: Readonly<Record<string, { readonly content?: string }>>;
};

/** Writes one of the configurations to a file and lets a program read it. Throws with what the program said. */
function check(name: string, run: (file: string) => void) {
  const folder = mkdtempSync(join(tmpdir(), "rondo-deploy-"));
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, configs[name]?.content ?? "");
  try {
    run(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

needs("promtool")("Prometheus takes its configuration", () => {
  check("prometheus", (file) => execFileSync(tool("promtool"), ["check", "config", file], { stdio: "pipe" }));
});

needs("amtool")("Alertmanager takes its configuration", () => {
  check("alertmanager", (file) => execFileSync(tool("amtool"), ["check-config", file], { stdio: "pipe" }));
});

needs("loki")("Loki takes its configuration", () => {
  check("loki", (file) => execFileSync(tool("loki"), ["-verify-config", `-config.file=${file}`], { stdio: "pipe" }));
});
