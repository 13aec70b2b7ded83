import { defineReceiver, integer } from "@rondo/core";
import { expect, test } from "vitest";
import { FAKE_TYPES } from "./fake-types.cases.ts";
import { loadConfig } from "./load-config.ts";

const listening = defineReceiver({
  type: "listening",
  summary: "Listens at one or two ports.",
  signals: ["logs"],
  fields: { port: integer("A port."), other: integer("Another.", 0) },
  listens: ({ port, other }) => [
    { keys: ["port"], endpoint: { port } },
    { keys: ["other"], endpoint: { host: "localhost", port: other } },
  ],
});

function problems(receivers: string, used: string): string[] {
  const text = `
receivers: {${receivers}}
exporters: {debug: }
service: {pipelines: {logs: {receivers: [${used}], exporters: [debug]}}}
`;
  const types = { ...FAKE_TYPES, receivers: [listening] };
  const { problems: found } = loadConfig({ files: [{ name: "f", text }], sets: [], types, env: () => undefined });
  return found.map(({ path, message }) => `${path}: ${message}`);
}

test("an endpoint of another receiver is a problem that names it", () => {
  expect(problems("listening: {port: 1}, listening/b: {port: 2, other: 1}", "listening, listening/b")).toEqual([
    "receivers::listening/b::other: is taken by receivers::listening::port; only the protocols of one receiver can share an endpoint, choose another",
  ]);
});

test("what one receiver names twice, what is free and what does not run are none", () => {
  expect(problems("listening: {port: 1, other: 1}", "listening")).toEqual([]);
  expect(problems("listening: {port: 0}, listening/b: {port: 0}", "listening, listening/b")).toEqual([]);
  expect(problems("listening: {port: 1}, listening/b: {port: 1}", "listening")).toEqual([]);
});
