/** What deploy/ ships can be used as it is: Rondo takes its configuration, and the composition is whole, pinned and consistent. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { readConfig } from "../packages/cli/src/load.ts";

const DEPLOY = new URL("../deploy/", import.meta.url).pathname;
const read = (file: string) => readFileSync(join(DEPLOY, file), "utf8");

/** The part of https://github.com/compose-spec/compose-spec that the file uses. */
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, object>>;
  readonly configs: Readonly<Record<string, { readonly file?: string; readonly content?: string }>>;
}

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly command?: readonly string[];
  readonly configs?: readonly { readonly source: string; readonly target: string }[];
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, unknown>>;
}

// The file is ours; what the tests below find in it is what they say of it.
const compose = parse(read("compose.yaml"), { merge: true }) as Compose;
const services = Object.entries(compose.services);

test("rondo.yaml is a configuration without a problem, and without a warning", async () => {
  const { problems, warnings, graph } = await readConfig({
    config: [join(DEPLOY, "rondo.yaml")],
    set: [],
    strict: true,
  });
  // The rules are a user's own, with traps that they are warned of; this file is ours.
  const ours = warnings.filter(({ file }) => file?.endsWith("rondo.yaml") === true);
  expect([problems, ours]).toEqual([[], []]);
  expect(graph?.pipelines.map(({ id, exporters }) => [id, exporters.map((exporter) => exporter.id)])).toEqual([
    ["traces", ["otlp_grpc/tempo"]],
    ["metrics", ["prometheus_remote_write"]],
    ["logs", ["loki"]],
  ]);
});

test("every default address of rondo.yaml is a service of the composition", () => {
  const hosts = [...read("rondo.yaml").matchAll(/:-\[?(?:\w+:\/\/)?([a-z]+):\d+/g)].map(([, host]) => host);
  expect(new Set(hosts)).toEqual(new Set(["kafka", "redis", "tempo", "prometheus", "loki", "alertmanager"]));
  for (const host of hosts) expect(Object.keys(compose.services)).toContain(host);
});

test("every image is pinned to a version, or built from a file that is there", () => {
  for (const [name, { image, build }] of services) {
    if (build === undefined) expect(image, name).toMatch(/^[a-z/]+:v?\d+\.\d+\.\d+(-alpine)?$/);
    else expect(existsSync(join(DEPLOY, build.context, build.dockerfile)), name).toBe(true);
  }
});

test("the servers have the versions that the tests run", () => {
  const recipes = readFileSync(new URL("servers/servers", import.meta.url), "utf8");
  const version = (service: string) => compose.services[service]?.image.replace(/^.*:v?/, "");
  expect(recipes).toContain(`get_kafka() { jars kafka ${version("kafka")}; }`);
  expect(recipes).toContain(`/alertmanager@v${version("alertmanager")}`);
  expect(recipes).toContain(`/loki/v3@v${version("loki")}`);
  // Its modules are numbered 0.3xx for 3.xx.
  expect(recipes).toContain(`/prometheus@v0.${version("prometheus")?.replace(/^3\.(\d+)\./, "3$1.")}`);
});

test("what services name is there: configs, their files, volumes, services that they wait for", () => {
  for (const [name, service] of services) {
    for (const { source } of service.configs ?? []) expect(Object.keys(compose.configs), name).toContain(source);
    for (const volume of service.volumes ?? [])
      expect(Object.keys(compose.volumes), name).toContain(volume.split(":")[0]);
    for (const other of Object.keys(service.depends_on ?? {})) expect(Object.keys(compose.services)).toContain(other);
  }
  const used = new Set(services.flatMap(([, { configs = [] }]) => configs.map(({ source }) => source)));
  expect(used).toEqual(new Set(Object.keys(compose.configs)));
  for (const { file, content } of Object.values(compose.configs)) {
    if (file !== undefined) expect(existsSync(join(DEPLOY, file)), file).toBe(true);
    else expect(parse(content ?? "")).toEqual(expect.any(Object));
  }
});

test("the roles are commands of the one program, with the one configuration", () => {
  const roles = services.filter(([, { build }]) => build !== undefined);
  expect(roles.map(([name]) => name)).toEqual(["gateway", "worker", "alerts"]);
  for (const [name, { command = [], configs = [] }] of roles) {
    expect(command[0]).toBe(name);
    expect(configs.map(({ target }) => target)).toContain(command[command.indexOf("--config") + 1]);
  }
  const published = services.flatMap(([, { ports = [] }]) => ports.map((port) => port.split(":")[0]));
  expect(new Set(published).size).toBe(published.length);
});
