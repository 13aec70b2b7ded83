import { defineExporter, defineExtension, defineReceiver, text } from "@rondo/core";
import { expect, test } from "vitest";
import { FAKE_TYPES } from "./fake-types.cases.ts";
import { loadConfig } from "./load-config.ts";

const receiver = defineReceiver({
  type: "guarded",
  summary: "Asks who sends.",
  signals: ["logs"],
  fields: { auth: text("Extension.", "") },
  uses: ({ auth }) => (auth === "" ? [] : [{ keys: ["auth"], id: auth, as: "authenticator" }]),
});

const keys = defineExtension({
  type: "keys",
  summary: "Knows who sends.",
  signals: [],
  provides: ["authenticator"],
  fields: { size: text("Size.") },
});

function problems(auth: string, extensions: string, running = ""): string[] {
  const types = {
    ...FAKE_TYPES,
    receivers: [receiver],
    extensions: [...FAKE_TYPES.extensions, keys],
  };
  const file = {
    name: "f",
    text: `
receivers: {guarded: {auth: ${auth}}}
exporters: {debug: }
extensions: {${extensions}}
service: {extensions: [${running}], pipelines: {logs: {receivers: [guarded], exporters: [debug]}}}
`,
  };
  return loadConfig({ files: [file], sets: [], types, env: () => undefined }).problems.map(
    ({ path, message }) => `${path}: ${message}`,
  );
}

test("an authenticator that runs is fine, and so is none", () => {
  expect(problems("keys/a", "keys/a: {size: x}", "keys/a")).toEqual([]);
  expect(problems('""', "")).toEqual([]);
});

test.each([
  [
    "one that nobody configured",
    "keys/b",
    "keys/a: {size: x}",
    "keys/a",
    ['receivers::guarded::auth: authenticator "keys/b" is not configured; did you mean keys/a?'],
  ],
  [
    "one that the service does not run",
    "keys/a",
    "keys/a: {size: x}",
    "",
    ['receivers::guarded::auth: authenticator "keys/a" is configured but not in service::extensions; add it there'],
  ],
  [
    "one that is not built",
    "zpages",
    "zpages: ",
    "zpages",
    [
      'receivers::guarded::auth: extension "zpages" is not built yet, and without this authenticator the receiver would be open to everybody',
    ],
  ],
  [
    "an extension that does something else",
    "health_check",
    "health_check: ",
    "health_check",
    ['receivers::guarded::auth: extension "health_check" is no authenticator'],
  ],
  [
    "one that is wrong itself, which is one problem",
    "keys",
    "keys: {}",
    "keys",
    ["extensions::keys::size: is required: Size."],
  ],
])("%s", (_, auth, extensions, running, expected) => {
  expect(problems(auth, extensions, running)).toEqual(expected);
});

const sender = defineExporter({
  ...{ type: "sender", summary: "Sends.", signals: ["logs"], fields: { auth: text("Extension.") } },
  uses: ({ auth }) => [{ keys: ["auth"], id: auth, as: "client authenticator" }],
  create: () => {
    throw new Error("configuration creates nothing");
  },
});

test.each([
  [
    "keys",
    /^exporters::sender::auth: extension "keys" is no client authenticator; put the credentials into headers, or /,
  ],
  ["zpages", /not built yet, and without this client authenticator the backend would not know who sends; put the cred/],
])(
  "an exporter with %s, which says to no backend who sends, is refused once, however many pipelines use it",
  (id, said) => {
    const text = `
receivers: {guarded: {auth: ""}}
exporters: {sender: {auth: ${id}}}
extensions: {${id}: ${id === "keys" ? "{size: x}" : ""}}
service:
  extensions: [${id}]
  pipelines:
    logs: {receivers: [guarded], exporters: [sender]}
    logs/2: {receivers: [guarded], exporters: [sender]}
`;
    const types = {
      ...{ ...FAKE_TYPES, receivers: [receiver], exporters: [sender], extensions: [keys] },
    };
    const { problems } = loadConfig({ files: [{ name: "f", text }], sets: [], types, env: () => undefined });
    expect(problems.map(({ path, message }) => `${path}: ${message}`)).toEqual([expect.stringMatching(said)]);
  },
);
