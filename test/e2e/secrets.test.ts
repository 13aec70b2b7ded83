/** Secrets of a configuration stand in no output of any command and in no line of any log, not even where they are mistaken. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { choosePorts, prepareRondo } from "../rig/rondo-process.ts";
import { sendRequests, testFolder } from "./road.ts";
import { logLines, runRondo } from "./run-rondo.ts";
import { startSinkProcess } from "./sink-process.ts";

/** Part of every planted secret. */
const CANARY = "CANARY";

const ENVIRONMENT = { RONDO_TEST_TOKEN: `${CANARY}-env`, RONDO_TEST_HEADER: `Bearer ${CANARY}-whole` };

interface Place {
  readonly ports: { readonly grpc: number; readonly http: number };
  readonly sinks: readonly number[];
}

const RULES = new URL("../../deploy/examples/alerting-rules.yml", import.meta.url).pathname;

function yamlWithSecrets({ ports, sinks: [grpc = 9, http = 9] }: Place): string {
  return `receivers:
  otlp:
    protocols:
      grpc: {endpoint: "127.0.0.1:${ports.grpc}"}
      http: {endpoint: "127.0.0.1:${ports.http}"}
exporters:
  otlp_grpc/a:
    endpoint: "127.0.0.1:${grpc}"
    tls: {insecure: true}
    headers: {authorization: "Bearer ${CANARY}-inline", x-api-key: "\${env:RONDO_TEST_TOKEN}"}
    retry_on_failure: {initial_interval: 50ms, max_interval: 100ms}
  otlp_http/b:
    endpoint: "http://user:${CANARY}-userinfo@127.0.0.1:${http}"
    headers: {authorization: "\${env:RONDO_TEST_HEADER}", cookie: "\${RONDO_TEST_TOKEN}"}
    retry_on_failure: {initial_interval: 50ms, max_interval: 100ms}
  loki:
    endpoint: http://127.0.0.1:9/
    headers: {authorization: "Bearer ${CANARY}-loki"}
  prometheus_remote_write:
    endpoint: http://user:${CANARY}-write@127.0.0.1:9/api/v1/write
    headers: {authorization: "Bearer ${CANARY}-write"}
  clickhouse:
    endpoint: tcp://127.0.0.1:9/
    headers: {authorization: "Bearer ${CANARY}-planned"}
  debug: {verbosity: detailed}
service:
  pipelines:
    traces: {receivers: [otlp], exporters: [otlp_grpc/a, otlp_http/b, debug, clickhouse]}
    logs: {receivers: [otlp], exporters: [otlp_grpc/a, otlp_http/b, loki]}
    metrics: {receivers: [otlp], exporters: [otlp_grpc/a, otlp_http/b, prometheus_remote_write]}
windows: {redis: {url: "redis://user:${CANARY}-redis@127.0.0.1:9"}}
alerts: {rules: {default: ["${RULES}"]}, endpoint: "127.0.0.1:0", alertmanagers: [{url: "http://127.0.0.1:9"}]}
`;
}

test("a running Rondo at debug level, against backends that refuse, hang and are gone", async () => {
  const [folder, ports, sinks] = [testFolder(), await choosePorts(), await choosePorts()];
  const listeners = [
    { name: "a", speaks: "grpc", port: sinks.grpc },
    { name: "b", speaks: "http", port: sinks.http },
  ] as const;
  const yaml = yamlWithSecrets({ ports, sinks: listeners.map(({ port }) => port) });
  const rondo = prepareRondo(folder, ports, yaml, {
    flags: ["--log-level", "debug", "--drain-timeout", "500ms"],
    env: ENVIRONMENT,
  });
  rondo.launch();
  try {
    // Without Redis there are no windows, and the process is not well: it takes requests all the same.
    await expect.poll(() => logLines(rondo.logged()), { timeout: 20_000 }).toContain("info ready");
    expect((await sendRequests(ports, 6)).refusals).toEqual([]);
    const sink = await startSinkProcess(listeners);
    try {
      for (const status of [401, 503, 500]) {
        await sink.client.behave({ mode: "status", status });
        await sendRequests(ports, 6);
      }
      await sink.client.behave({ mode: "lose" });
      await sendRequests(ports, 6);
    } finally {
      await sink.stop();
    }
    const pages = await Promise.all(
      [`${ports.metrics}/metrics`, `${ports.health}/`].map(async (at) =>
        (await fetch(`http://127.0.0.1:${at}`)).text(),
      ),
    );
    expect(pages.join("")).not.toContain(CANARY);
    await rondo.stop();
  } finally {
    await rondo.kill().catch(() => undefined);
  }
  const log = logLines(rondo.logged());
  expect(log.filter((line) => line.startsWith("warn delivery failed")).length, "there was trouble").toBeGreaterThan(1);
  expect(rondo.logged()).not.toContain(CANARY);
});

const RIGHT = yamlWithSecrets({ ports: { grpc: 0, http: 0 }, sinks: [] });

const INLINE = `"Bearer ${CANARY}-inline"`;
const ALL = ["validate", "print-config", "up"];

/** Mistakes in the neighbourhood of a secret: the configuration, further flags, and the commands that are asked. */
const MISTAKES: readonly (readonly [string, string, readonly string[], readonly string[]])[] = [
  ["headers that are no map", RIGHT.replace(/headers: \{auth.*-inline.*\}/, `headers: ${INLINE}`), [], ALL],
  [
    "a header that is a list and an endpoint that is none",
    RIGHT.replace(INLINE, `[${INLINE}]`).replace("@127.0.0.1", "@127.0.0.1:x:y"),
    [],
    ALL,
  ],
  ["keys that are not known", RIGHT.replaceAll("headers: {auth", "heders: {auth"), [], ALL],
  ["a quote that is not closed", RIGHT.replace(INLINE, INLINE.slice(0, -1)), [], ALL],
  ["an override of what is not there", RIGHT, ["--set", `exporters.otlp_grpc/a.heders.authorization=${CANARY}`], ALL],
  ["an override that is no map", RIGHT, ["--set", `exporters.otlp_grpc/a.headers=${CANARY}`], ALL],
];

/** Flags with which a command would run if the configuration were right. */
function commandLine(command: string, folder: string, flags: readonly string[]): readonly string[] {
  const own = ["--data", join(folder, "data"), "--metrics-address", "127.0.0.1:0", "--health-address", "127.0.0.1:0"];
  const config = ["--config", join(folder, "rondo.yaml"), ...flags];
  return [command, ...config, ...(command === "up" ? [...own, "--log-level", "debug"] : [])];
}

async function expectSilence(yaml: string, code: number, flags: readonly string[], commands: readonly string[]) {
  const folder = testFolder();
  writeFileSync(join(folder, "rondo.yaml"), yaml);
  const ended = await Promise.all(
    commands.map((command) => runRondo(commandLine(command, folder, flags), { env: ENVIRONMENT })),
  );
  for (const one of ended) {
    expect(one.out + one.err).not.toContain(CANARY);
    expect([one.out + one.err, one.code]).toEqual([expect.stringMatching(/./), code]);
  }
}

test("what is said of a configuration that is right", async () => {
  await expectSilence(RIGHT, 0, [], ["validate", "print-config"]);
});

test.each(MISTAKES)("what is said of a configuration with %s", async (_name, yaml, flags, commands) => {
  expect(yaml === RIGHT, "the mistake is not in it").toBe(flags.length > 0);
  await expectSilence(yaml, 2, flags, commands);
});
