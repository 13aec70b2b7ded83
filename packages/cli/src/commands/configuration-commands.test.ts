/** `validate`, `print-config` and `components`, with the components of this build. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { COMPONENT_TYPES } from "../component-types.ts";
import { EXIT } from "../out.ts";
import { componentsCommand } from "./components.ts";
import { printConfigCommand } from "./print-config.ts";
import { validateCommand } from "./validate.ts";

const SEED = fileURLToPath(new URL("../../../../deploy/examples/otel-collector-config.yaml", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "rondo-commands-"));
afterAll(() => rmSync(folder, { recursive: true }));

function sink() {
  const lines: string[] = [];
  const errors: string[] = [];
  return {
    lines,
    errors,
    out: { line: (text: string) => void lines.push(text), error: (text: string) => void errors.push(text) },
  };
}

/** Lines with the path of the file cut away. */
const bare = (lines: readonly string[]) => lines.map((line) => line.replaceAll(SEED, "seed.yaml"));

describe("validate", () => {
  test("the example loads unchanged: what is odd, what is left out, what runs", async () => {
    const { lines, errors, out } = sink();
    expect(await validateCommand({ config: [SEED], set: [] }, out)).toBe(EXIT.ok);
    expect(errors).toEqual([]);
    const warnings = bare(lines).filter((line) => line.startsWith("warning: "));
    expect(warnings.map((line) => /^warning: (seed\.yaml:\d+: \S+?): /.exec(line)?.[1])).toEqual([
      "seed.yaml:44: exporters::otlp/tempo",
      "seed.yaml:48: exporters::otlphttp/grafana",
      "seed.yaml:49: exporters::otlphttp/grafana::endpoint",
      "seed.yaml:54: exporters::prometheus::namespace",
      "seed.yaml:60: service::pipelines::traces::processors::1",
      "seed.yaml:69: service::pipelines::logs::exporters",
      "seed.yaml:70: service::extensions",
    ]);
    expect(bare(lines).slice(warnings.length)).toEqual([
      "not yet: receiver prometheus, 3 targets (left out of metrics)",
      "not yet: extension pprof",
      "not yet: extension zpages",
      "the configuration is valid: 1 receiver, 3 pipelines, 4 exporters",
    ]);
  });

  test("every problem, one line each, and exit code 2", async () => {
    const { errors, out } = sink();
    const set = [
      "exporters.otlp/tempo.endpont=x",
      "processors.batch.timeout=soon",
      "service.pipelines.logs.receivers=[otpl]",
    ];
    expect(await validateCommand({ config: [SEED], set, strict: true }, out)).toBe(EXIT.usage);
    expect(bare(errors)).toEqual([
      ...["health_check", "pprof", "zpages"].map((id) =>
        expect.stringContaining(
          `seed.yaml:70: service::extensions: references extension "${id}" which is not configured`,
        ),
      ),
      expect.stringContaining("--set processors.batch.timeout: processors::batch::timeout: must be a duration"),
      expect.stringContaining(
        "--set exporters.otlp/tempo.endpont: exporters::otlp/tempo::endpont: unknown key; did you mean endpoint?",
      ),
      expect.stringContaining('references receiver "otpl" which is not configured; did you mean otlp?'),
      "the configuration cannot run: 6 problems",
    ]);
  });

  test("a file that is not there is a fault that names it", async () => {
    const call = validateCommand({ config: [join(folder, "nope.yaml")], set: [] }, sink().out);
    await expect(call).rejects.toMatchObject({
      code: "config",
      message: expect.stringContaining("nope.yaml: there is no such file"),
    });
  });
});

describe("print-config", () => {
  test("fills in defaults and loads again", async () => {
    const { lines, errors, out } = sink();
    expect(await printConfigCommand({ config: [SEED], set: ["processors.batch.timeout=3s"] }, out)).toBe(EXIT.ok);
    expect(errors).toEqual([]);
    const page = lines.join("\n");
    for (const text of [
      "    timeout: 3s",
      "    metadata_cardinality_limit: 1000",
      "  health_check:\n    endpoint: localhost:13133",
      "  linger: 10ms",
    ]) {
      expect(page).toContain(text);
    }
    const again = join(folder, "printed.yaml");
    writeFileSync(again, page);
    const second = sink();
    expect(await printConfigCommand({ config: [again], set: [] }, second.out)).toBe(EXIT.ok);
    expect(second.lines.join("\n")).toBe(page);
  });

  test("what it prints of the configuration that deploy/ ships loads again, beside its rules", async () => {
    const shipped = new URL("../../../../deploy/", import.meta.url).pathname;
    const first = sink();
    const sets = [`alerts.rules.default=[${join(shipped, "examples/alerting-rules.yml")}]`];
    expect(await printConfigCommand({ config: [join(shipped, "rondo.yaml")], set: sets }, first.out)).toBe(EXIT.ok);
    const again = join(folder, "shipped.yaml");
    writeFileSync(again, first.lines.join("\n"));
    const second = sink();
    expect(await printConfigCommand({ config: [again], set: [] }, second.out)).toBe(EXIT.ok);
    expect([second.lines, second.errors]).toEqual([first.lines, []]);
  });

  test("shows a configuration with problems, and no secret of it", async () => {
    const file = join(folder, "secret.yaml");
    writeFileSync(
      file,
      "exporters: {otlphttp: {endpoint: 'http://u:hunter2@h', headers: {authorization: hunter2}, nosuch: 1}}",
    );
    const { lines, errors, out } = sink();
    expect(await printConfigCommand({ config: [file], set: [] }, out)).toBe(EXIT.usage);
    expect(errors.join()).toContain("exporters::otlphttp::nosuch: unknown key");
    expect(lines.join()).toContain('authorization: "[REDACTED]"');
    expect([...lines, ...errors].join()).not.toContain("hunter2");
  });
});

describe("components", () => {
  test("lists every type that runs, its other spellings, and those to come", () => {
    const { lines, out } = sink();
    expect(componentsCommand(out)).toBe(EXIT.ok);
    const { receivers, processors, exporters, extensions } = COMPONENT_TYPES;
    for (const { type } of [...receivers, ...processors, ...exporters, ...extensions]) {
      expect(lines.some((line) => line === `  ${type}` || line.startsWith(`  ${type} (`))).toBe(true);
    }
    expect(lines.join("\n")).toMatch(/known, not built yet:\n[^:]*tail_sampling/);
    expect(lines.filter((line) => line.length > 100)).toEqual([]);
  });
});
