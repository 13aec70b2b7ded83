import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { FAKE_TYPES } from "./fake-types.cases.ts";
import { loadConfig } from "./load-config.ts";
import { REDACTED, renderConfig } from "./render-config.ts";

function render(config: string, env: Readonly<Record<string, string>> = {}) {
  const { merged } = loadConfig({
    files: [{ name: "c", text: config }],
    sets: [],
    types: FAKE_TYPES,
    env: (name) => env[name],
  });
  if (merged === undefined) throw new Error("the case is not YAML");
  return renderConfig(merged, FAKE_TYPES);
}

const BROKER = {
  embedded: { partitions: 4, retention: "72h", segment_bytes: "64MiB", sync: true },
  linger: "10ms",
  default_tenant: "default",
  default_receiver: "otlp",
};

describe("what takes effect", () => {
  test("defaults are filled in, what is off or absent stays so", () => {
    const page = parse(
      render(`
receivers: {otlp: {protocols: {grpc: }}}
processors: {batch: }
exporters: {otlp: {endpoint: x, retries: 0x5}}
service: {extensions: [health_check, zpages], pipelines: {traces: {receivers: [otlp], exporters: [otlp]}}}
`),
    );
    expect(page).toEqual({
      receivers: { otlp: { protocols: { grpc: { endpoint: "localhost:4317", tls: false } } } },
      processors: { batch: { timeout: "200ms", size: 8192, keys: [] } },
      exporters: { otlp: { endpoint: "x", compression: "gzip", headers: {}, retries: 5, insecure: false } },
      service: {
        extensions: ["health_check", "zpages"],
        pipelines: { traces: { receivers: ["otlp"], exporters: ["otlp"] } },
      },
      extensions: { health_check: { endpoint: "localhost:13133" } },
      broker: BROKER,
    });
  });

  test("what it prints loads again, to the same", () => {
    const once = render(`
receivers: {otlp: {protocols: {http: {endpoint: "a:1"}}}}
exporters: {otlp_grpc: {endpoint: "$$x", batch: {}}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [otlp_grpc]}}}
`);
    expect(render(once.replaceAll("$", () => "$$"))).toBe(once);
  });

  test("of two keys of which a section has one, the one that is written", () => {
    const { embedded: _, ...others } = BROKER;
    const topics = { partitions: 12, retention: "72h" };
    const kafka = { brokers: ["kafka:9092"], topics, compression: "none", session_timeout: "6s" };
    expect(parse(render("broker: {kafka: {brokers: [kafka:9092]}}"))).toEqual({ broker: { kafka, ...others } });
    expect(parse(render("broker: {kafka: , embedded: {sync: false}}"))).toMatchObject({
      broker: { embedded: { sync: false } },
    });
    // Both are a mistake, which is to be seen.
    expect(parse(render("broker: {kafka: {brokers: [k:1]}, embedded: {sync: false}}")).broker.embedded.sync).toBe(
      false,
    );
  });

  test("a configuration with problems is shown as far as it goes", () => {
    const page = parse(
      render("receivers: [1]\nexporters: {otlp: {endpont: x}, nosuch: {a: 1}}\nservice: 1\nx: {y: 1}"),
    );
    expect(page).toMatchObject({
      receivers: [1],
      exporters: { otlp: { endpont: "x", retries: 3 }, nosuch: { a: 1 } },
      service: 1,
      x: { y: 1 },
    });
  });
});

describe("secrets", () => {
  test("do not show, whether a field says so, a key does, or they came from outside", () => {
    const page = render(
      `
receivers: {otlp: {protocols: {grpc: }}, hostmetrics: {root: "\${env:ROOT}", auth: {password: hunter2}}}
exporters:
  otlp: {endpoint: "http://user:hunter2@x", token: hunter2, headers: {a: hunter2, b: "\${PW}"}}
  nosuch: {dsn: hunter2, api-key: hunter2, deep: [{client_secret: hunter2, headers: {x: hunter2}}], url: "pg://u:hunter2@h/d", inline: "a\${PW}"}
alerts: {token: [hunter2], pass: }
service:
  telemetry: {metrics: {readers: [{periodic: {headers: hunter2}}]}}
  pipelines: {traces: {receivers: "\${LIST}", exporters: [otlp]}}
`,
      { PW: "hunter2", ROOT: "hunter2", LIST: "[otlp]" },
    );
    expect(page).not.toContain("hunter2");
    expect(parse(page)).toMatchObject({
      exporters: {
        otlp: { endpoint: `http://user:${REDACTED}@x`, token: REDACTED, headers: { a: REDACTED, b: REDACTED } },
      },
      alerts: { pass: null },
      service: { pipelines: { traces: { receivers: ["otlp"] } } },
    });
  });

  test.each([
    ["redis://redis:6379", "redis://redis:6379"],
    ["redis://user:hunter2@redis:6379/3", `redis://${REDACTED}@redis:6379/3`],
    ["rediss://:hunter2@[::1]:6379", `rediss://${REDACTED}@[::1]:6379`],
    ["redis://hunter2", "redis://hunter2"],
    ["redis://u:hunt/er2@redis:6379", REDACTED],
    ["redis://redis:6379?password=hunter2", REDACTED],
    ["u:hunter2@redis:6379", REDACTED],
  ])("of the address %s, where it leads", (url, shown) => {
    const page = parse(render(`windows: {redis: {url: "${url}"}}`));
    expect(page.windows.redis.url).toBe(shown);
    expect(parse(render(`windows: {redis: {url: "${shown}"}}`)).windows.redis.url).toBe(shown);
  });
});
