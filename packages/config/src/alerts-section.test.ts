import { describe, expect, test } from "vitest";
import { readAlerts } from "./alerts-section.ts";
import { Findings, TreePlace } from "./findings.ts";
import type { WindowsSettings } from "./graph.ts";
import { readYaml } from "./read-yaml.ts";

const WINDOWS: WindowsSettings = { store: { kind: "embedded" }, pipeline: "metrics", keep: [], latenessMs: 0 };
const AM = "alertmanagers: [{url: 'http://am:9093/'}]";

function read(yaml: string, windows = WINDOWS) {
  const findings = new Findings();
  const root = new TreePlace(
    readYaml("etc/rondo.yaml", yaml, (message) => findings.problem("", message)),
    findings,
  );
  const lines = (list: Findings["problems"]) => list.map(({ path, message }) => `${path}: ${message}`);
  const settings = readAlerts(root.at("alerts"), windows);
  return { settings, problems: lines(findings.problems), warnings: lines(findings.warnings) };
}

describe("alerts", () => {
  test("without the section nothing is evaluated", () => {
    expect(read("a: 1").settings).toBeUndefined();
    expect(read("alerts:").settings).toBeUndefined();
  });

  test("have Prometheus's defaults, and files beside the configuration that names them", () => {
    const { settings, problems } = read(`alerts: {rules: {default: [rules/*.yml]}, ${AM}, external_url: http://x/r/}`);
    expect(problems).toEqual([]);
    expect(settings).toEqual({
      rules: new Map([
        ["default", [{ pattern: "rules/*.yml", folder: "etc", mark: { file: "etc/rondo.yaml", line: 1 } }]],
      ]),
      alertmanagers: [{ url: "http://am:9093", timeoutMs: 10_000 }],
      evaluationIntervalMs: 60_000,
      resendDelayMs: 60_000,
      lookbackMs: 300_000,
      externalUrl: "http://x/r",
      externalLabels: new Map(),
      endpoint: "localhost:8880",
    });
  });

  test.each([
    [`{${AM}}`, /alerts::rules: is required/],
    ["{rules: {d: [x]}, alertmanagers: [{url: am:9093}]}", /alertmanagers::0::url: must be an address/],
    ["{rules: {d: [x]}, alertmanagers: [{url: 'http://u:p@am'}]}", /must not hold a user or a password/],
    ["{rules: {d: [x]}, alertmanagers: [{url: 'http://am/api/v2/alerts'}]}", /leave out the path of the API/],
    [`{rules: {d: ['*/x.yml']}, ${AM}}`, /alerts::rules::d::0: may hold \* and \? in its last part only/],
    [`{rules: {d: [x]}, ${AM}, evaluation_interval: 0s}`, /evaluation_interval: must be from 10ms to 24h/],
    [`{rules: {'': [x]}, ${AM}}`, /names no tenant/],
    [`{rules: [x], ${AM}}`, /alerts::rules: must say whose they are, such as \{default: \[alerting-rules.yml\]\}/],
    [`{rules: x, ${AM}}`, /alerts::rules: must say whose they are/],
    [`{rules: {d: x}, ${AM}}`, /alerts::rules::d: must be a list of files, such as \[alerting-rules.yml\]/],
    ["{rules: {d: [x]}, alertmanagers: ['http://am']}", /alertmanagers: must be a list of maps, such as \[\{url:/],
  ])("%s is refused", (yaml, problem) => {
    expect(read(`alerts: ${yaml}`).problems).toEqual([expect.stringMatching(problem)]);
  });

  test("need a metrics pipeline", () => {
    const windows = { ...WINDOWS, pipeline: undefined };
    expect(read(`alerts: {rules: {d: [x]}, ${AM}}`, windows).problems).toEqual([
      "alerts: needs a metrics pipeline: rules are evaluated from what one of them carries",
    ]);
  });

  // Both start: somebody may only want to look at the rules' state, and today's file should load tomorrow.
  test("warn of what tells nobody and of what is not built", () => {
    expect(read("alerts: {rules: {d: [x]}, slos: {d: [slos.yml]}}").warnings).toEqual([
      "alerts::slos: is not built yet and left out",
      "alerts: names no alertmanagers: alerts are shown at its endpoint, and nobody is told",
    ]);
  });
});
