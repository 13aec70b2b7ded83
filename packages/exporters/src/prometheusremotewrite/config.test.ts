import { readFields } from "@rondo/core";
import { expect, test } from "vitest";
import { recordingPlace } from "../place.cases.ts";
import { check, fields } from "./config.ts";

function read(raw: object) {
  const place = recordingPlace();
  const values = readFields(fields, { endpoint: "http://p:9090/api/v1/write", ...raw }, place);
  if (values !== undefined) check(values, place);
  return place;
}

test("every key of the Collector is taken, warned about or refused by name", () => {
  const place = read({
    remote_write_queue: { enabled: true, queue_size: 5, num_consumers: 2 },
    max_batch_request_parallelism: 3,
    wal: { directory: "x" },
    convert_explicit_histograms_to_nhcb: false,
    target_info: { enabled: true },
    resource_to_telemetry_conversion: { enabled: true },
  });
  expect(place.problems).toEqual([]);
  expect(place.warnings.map((line) => line.split(" ", 1)[0])).toEqual([
    "exporter::max_batch_request_parallelism",
    "exporter::remote_write_queue::enabled",
    "exporter::remote_write_queue::queue_size",
    "exporter::remote_write_queue::num_consumers",
    "exporter::wal",
  ]);
});

test.each([
  [{ endpoint: undefined }, "endpoint is required"],
  [{ convert_explicit_histograms_to_nhcb: true }, "convert_explicit_histograms_to_nhcb is not built yet"],
  [{ protobuf_message: "x" }, "must be one of prometheus.WriteRequest, io.prometheus.write.v2.Request"],
  [{ compression: "gzip" }, "must be one of snappy"],
  [{ external_labels: { "": "x" } }, "external_labels:: is no name of a label"],
  [{ http: {} }, "write them beside endpoint"],
  [{ sending_queue: {} }, "sending_queue unknown key"],
])("%o is refused", (raw, words) => {
  expect(read(raw).problems.join("; ")).toContain(words);
});
