/** Messages of remote write, written by hand, against what the schemas in proto/ say they are. */
import { join } from "node:path";
import type { Series, SeriesKind } from "@rondo/prometheus";
import fc from "fast-check";
import protobuf from "protobufjs";
import { expect, test } from "vitest";
import type { SampleRow } from "../../packages/exporters/src/prometheusremotewrite/sample-table.ts";
import { encodeWriteRequest } from "../../packages/exporters/src/prometheusremotewrite/write-request.ts";
import { encodeRequestV2 } from "../../packages/exporters/src/prometheusremotewrite/write-request-v2.ts";

const protos = join(import.meta.dirname, "../../proto");
const load = (file: string, type: string) => new protobuf.Root().loadSync(join(protos, file)).lookupType(type);
const V1 = load("prometheus/remote.proto", "prometheus.WriteRequest");
const V2 = load("io/prometheus/write/v2/types.proto", "io.prometheus.write.v2.Request");

const KINDS: readonly SeriesKind[] = ["unknown", "counter", "gauge", "histogram", "summary", "info"];
const texts = fc.string({ unit: "grapheme", maxLength: 20 });
const labels = fc
  .dictionary(texts, texts, { maxKeys: 5 })
  .map((of) => Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1)));
const times = fc.nat({ max: 2 ** 45 });
const values = fc.oneof(fc.double({ noNaN: true }), fc.constantFrom(0, -0));
const family = fc.record({ name: texts, kind: fc.constantFrom(...KINDS), unit: texts, help: texts });
const exemplar = fc.record({ labels, time: times, value: values });

const row: fc.Arbitrary<SampleRow> = fc
  .record({
    series: fc.record({ labels, family }),
    samples: fc.array(fc.tuple(times, values), { maxLength: 5 }),
    exemplars: fc.array(exemplar, { maxLength: 2 }),
  })
  .map(({ series, samples, exemplars }) => ({
    series,
    times: samples.map(([time]) => time),
    values: samples.map(([, value]) => value),
    exemplars,
    points: 1,
    group: 0,
  }));
const rows = fc.array(row, { maxLength: 5 });
const chunkOf = (of: readonly SampleRow[]) => ({ rows: of, points: 0, samples: 0 });

const OBJECTS = { longs: Number, arrays: true, defaults: true } as const;
const samplesOf = ({ times: at, values: of }: SampleRow) =>
  at.map((timestamp, index) => ({ value: of[index], timestamp }));

test("version 1 reads back as what was written", () => {
  const named = (of: Series["labels"]) => of.map(([name, value]) => ({ name, value }));
  fc.assert(
    fc.property(rows, (given) => {
      const read = V1.toObject(V1.decode(encodeWriteRequest(chunkOf(given), true)), OBJECTS);
      expect(read["timeseries"]).toEqual(
        given.map((one) => ({
          labels: named(one.series.labels),
          samples: samplesOf(one),
          exemplars: one.exemplars.map(({ labels: of, value, time }) => ({
            labels: named(of),
            value,
            timestamp: time,
          })),
          histograms: [],
        })),
      );
      const names = new Set(given.map(({ series }) => series.family.name));
      expect(read["metadata"].map((one: { metricFamilyName: string }) => one.metricFamilyName)).toEqual([...names]);
    }),
  );
});

test("version 2 reads back as what was written, its texts once and the empty one first", () => {
  fc.assert(
    fc.property(rows, (given) => {
      const read = V2.toObject(V2.decode(encodeRequestV2(chunkOf(given))), OBJECTS);
      const symbols: readonly string[] = read["symbols"];
      expect([symbols[0], new Set(symbols).size]).toEqual(["", symbols.length]);
      const texted = (refs: readonly number[]) => refs.map((ref) => symbols[ref]);
      const seen = read["timeseries"].map((one: Record<string, never[]>) => ({
        labels: texted(one["labelsRefs"] ?? []),
        samples: (one["samples"] ?? []).map(({ value, timestamp }) => ({ value, timestamp })),
        exemplars: (one["exemplars"] ?? []).map(({ labelsRefs, value, timestamp }) => [
          texted(labelsRefs),
          value,
          timestamp,
        ]),
        metadata: metadataOf(one["metadata"], symbols),
      }));
      expect(seen).toEqual(
        given.map((one) => ({
          labels: one.series.labels.flat(),
          samples: samplesOf(one),
          exemplars: one.exemplars.map(({ labels: of, value, time }) => [of.flat(), value, time]),
          metadata: [one.series.family.help, one.series.family.unit],
        })),
      );
    }),
  );
});

function metadataOf(metadata: unknown, symbols: readonly string[]): readonly (string | undefined)[] {
  // Of that shape by types.proto.
  const { helpRef, unitRef } = metadata as { helpRef: number; unitRef: number };
  return [symbols[helpRef], symbols[unitRef]];
}
