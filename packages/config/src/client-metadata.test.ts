import { defineExporter, defineExtension, defineProcessor, defineReceiver, flag, integer, text } from "@rondo/core";
import { expect, test } from "vitest";
import { metadataKeptFor, metadataSentBy } from "./client-metadata.ts";
import { loadConfig } from "./load-config.ts";

const never = () => {
  throw new Error("configuration creates nothing");
};

const receiver = defineReceiver({
  ...{ type: "in", summary: "", signals: ["logs"], fields: { keep: flag("", false) } },
  keepsMetadata: ({ keep }) => (keep ? [["keep"]] : []),
});

const apart = defineProcessor({
  ...{ type: "apart", summary: "", signals: ["logs"], state: "none", drops: [], create: never },
  fields: { key: text(""), limit: integer("", 7), sent: flag("", true) },
  metadata: ({ key, limit, sent }) => ({ keys: [key], sent, combinations: limit }),
});

const setter = defineExtension({
  ...{ type: "setter", summary: "", signals: [], fields: { key: text("") } },
  provides: ["client authenticator"],
  metadata: ({ key }) => ({ keys: [key], sent: true }),
});

const exporter = defineExporter({
  ...{ type: "out", summary: "", signals: ["logs"], create: never, fields: { auth: text("", "") } },
  uses: ({ auth }) => (auth === "" ? [] : [{ keys: ["auth"], id: auth, as: "client authenticator" }]),
});

function load(body: string) {
  const types = {
    ...{ receivers: [receiver], processors: [apart], exporters: [exporter], extensions: [setter], planned: [] },
  };
  const { graph, problems, warnings } = loadConfig({
    ...{ files: [{ name: "f", text: body }], sets: [], types, env: () => undefined },
  });
  if (graph === undefined) throw new Error(problems.map(({ path, message }) => `${path}: ${message}`).join());
  return { graph, warnings: warnings.map(({ line, path, message }) => `${line} ${path}: ${message}`) };
}

const WIRED = `
receivers: {in: {keep: true}, in/off: {}, in/idle: {keep: true}}
processors:
  apart: {key: x-b}
  apart/strict: {key: x-a, limit: 3}
  apart/inside: {key: x-c, limit: 0, sent: false}
  apart/binary: {key: x-bin}
exporters: {out: {auth: setter/a}, out/plain: {}}
extensions: {setter/a: {key: x-d}, setter/b: {key: x-e}}
service:
  extensions: [setter/a, setter/b]
  pipelines:
    logs: {receivers: [in], processors: [apart, apart/strict, apart/inside, apart/binary], exporters: [out]}
    logs/2: {receivers: [in/off, in/idle], processors: [apart/inside], exporters: [out/plain]}
`;

test("a receiver keeps what its pipelines and the extensions of their exporters read, under the strictest bound", () => {
  const { graph } = load(WIRED);
  expect(metadataKeptFor(graph, "in")).toEqual({ keys: ["x-a", "x-b", "x-c", "x-d"], combinations: 3 });
  expect(metadataKeptFor(graph, "in/idle")).toEqual({ keys: ["x-c"], combinations: 0 });
  expect(metadataKeptFor(graph, "nobody")).toEqual({ keys: [], combinations: 1000 });
});

test("exporters see only what keeps requests apart", () => {
  const { graph } = load(WIRED);
  expect(graph.pipelines.map((one) => metadataSentBy(one, graph.extensions))).toEqual([["x-a", "x-b", "x-d"], []]);
});
