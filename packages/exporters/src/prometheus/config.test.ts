import { readFields } from "@rondo/core";
import { expect, test } from "vitest";
import { recordingPlace } from "../place.cases.ts";
import { check, fields } from "./config.ts";

function read(raw: object) {
  const place = recordingPlace();
  const values = readFields(fields, raw, place);
  if (values !== undefined) check(values, place);
  return { ...place, values };
}

test("an endpoint is enough, and the rest is as in the Collector", () => {
  const { values, problems } = read({ endpoint: "0.0.0.0:8889", namespace: "federated_learning" });
  expect(problems).toEqual([]);
  expect(values).toMatchObject({
    endpoint: { host: "0.0.0.0", port: 8889 },
    metric_expiration: 300_000,
    send_timestamps: false,
    enable_open_metrics: false,
    without_scope_info: false,
    add_metric_suffixes: true,
  });
});

test("what would leave the page less protected than its author meant is refused; what does no harm is pointed out", () => {
  const { problems, warnings } = read({
    endpoint: ":1",
    tls: {},
    auth: {},
    const_labels: { "": "x" },
    read_timeout: "1s",
  });
  expect(problems.map((line) => line.split(" ", 1)[0])).toEqual(["exporter::tls", "exporter::auth"]);
  expect(warnings).toEqual([expect.stringMatching(/^exporter::read_timeout has no effect/)]);
  expect(read({ endpoint: ":1", const_labels: { "": "x" } }).problems).toEqual([
    "exporter::const_labels:: is no name of a label; use letters, digits and _",
  ]);
  expect(read({}).problems[0]).toContain("endpoint is required");
});
