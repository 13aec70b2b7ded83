import { defineExporter, defineProcessor, defineReceiver, flag, list, text } from "@rondo/core";
import { expect, test } from "vitest";
import { loadConfig } from "./load-config.ts";

const never = () => {
  throw new Error("configuration creates nothing");
};

const types = {
  receivers: [
    defineReceiver({
      ...{ type: "in", summary: "", signals: ["logs", "traces"], fields: { keep: flag("", false) } },
      keepsMetadata: ({ keep }) => (keep ? [["keep"]] : []),
    }),
  ],
  processors: [
    defineProcessor({
      ...{ type: "reads", summary: "", signals: ["logs", "traces"], state: "none", drops: [], create: never },
      fields: { keys: list("", text(""), []) },
      metadata: ({ keys }) => ({ keys, sent: true }),
    }),
  ],
  exporters: [defineExporter({ type: "out", summary: "", signals: ["logs", "traces"], create: never, fields: {} })],
  extensions: [],
  planned: [],
};

/** What is said at load; `keys` of the processor, and `keep` of the receiver `in`. */
function said(keep: boolean, keys: string): string[] {
  const body = `
receivers:
  in: {keep: ${keep}}
processors:
  reads: {keys: [${keys}]}
exporters: {out: }
service:
  pipelines:
    logs: {receivers: [in], processors: [reads], exporters: [out]}
    traces: {receivers: [in], processors: [reads], exporters: [out]}
`;
  const { warnings, problems } = loadConfig({
    ...{ files: [{ name: "f", text: body }], sets: [], types, env: () => undefined },
  });
  expect(problems).toEqual([]);
  return warnings.map(({ line, path, message }) => `${line} ${path}: ${message}`);
}

test("who reads what a receiver keeps hears nothing, nor does who does neither", () => {
  expect(said(true, "x-a")).toEqual([]);
  expect(said(false, "")).toEqual([]);
});

test("what is kept for nobody is said once, at the flag", () => {
  expect(said(true, "")).toEqual([
    expect.stringMatching(/^3 receivers::in::keep: keeps nothing, because no component /),
  ]);
});

test("what is read and never kept names both, for each pipeline", () => {
  expect(said(false, "x-a, x-b")).toEqual(
    ["logs", "traces"].map((id) =>
      expect.stringMatching(
        `^5 processors::reads: reads client metadata \\(x-a, x-b\\), which no receiver of ${id} keeps.*protocols of in$`,
      ),
    ),
  );
});

test("credentials are warned about, once, and so is what is never kept", () => {
  expect(said(true, "authorization, trace-bin")).toEqual([
    expect.stringMatching(/^5 processors::reads: reads authorization of clients, so their credentials stand readable/),
    expect.stringMatching(/^5 processors::reads: reads trace-bin, but binary metadata of gRPC is not kept/),
  ]);
});
