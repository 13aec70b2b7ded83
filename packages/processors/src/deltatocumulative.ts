/** `delta_to_cumulative`: adds up delta metrics, so that backends that know cumulative values only can have them. */
import { type DropReason, defineKeepingProcessor, duration, integer } from "@rondo/core";
import { type Around, accumulateDeltas, Cursor, NO_RECORDED_VALUE, Wire, Writer } from "@rondo/otlp";
import { DeltaStreams, POINT_KINDS, type Stream } from "./delta-streams.ts";
import type { PointKind } from "./point-value.ts";
import { StreamIdentity } from "./stream-identity.ts";

/** Start and time of every kind of point. */
const POINT = { start: 2, time: 3 } as const;
/** By the field of Metric that holds the points: the number of a point's flags. */
const FLAGS: Readonly<Record<number, number>> = { 7: 8, 9: 10, 10: 10 };

/** The Collector's processor of this name. State keep: a stream's value is the sum of all its deltas. */
export const deltaToCumulative = defineKeepingProcessor({
  type: "deltatocumulative",
  aliases: ["delta_to_cumulative"],
  summary:
    "Makes sums, histograms and exponential histograms of delta temporality cumulative; everything else passes as it is. What a " +
    "stream has come to survives restarts, and its partition's move to another worker.",
  signals: ["metrics"],
  state: "keep",
  drops: ["older_start", "out_of_order", "stream_limit"],
  fields: {
    max_stale: duration(
      "A stream that has had no delta for so long is forgotten: the next one begins it anew. By the log's clock.",
      "5m",
    ),
    max_streams: integer(
      "Streams of a tenant that are kept for each partition of the topic; deltas of further ones are dropped. One with many " +
        "buckets counts once more for every 64 of them. The Collector's own default is no bound.",
      100_000,
    ),
  },
  check({ max_stale: staleMs }, place) {
    if (staleMs <= 0) place.at("max_stale").problem("must be longer than 0s");
  },
  create({ max_stale: staleMs, max_streams: streams }) {
    const kept = new DeltaStreams({ staleMs, streams });
    return {
      process({ tenant, items, body }, at) {
        kept.advance(at);
        const identity = new StreamIdentity(tenant);
        // All points of the batch stand in it one after the other, until they are put in their places.
        const out = new Writer(body.length + 1024);
        const drops = new Map<DropReason, number>();
        const left = accumulateDeltas(body, (point, around) => {
          const outcome = accumulate(kept, tenant, identity, point, around, out);
          if (typeof outcome !== "string") return outcome;
          drops.set(outcome, (drops.get(outcome) ?? 0) + 1);
          return undefined;
        });
        const dropped = [...drops.values()].reduce((sum, count) => sum + count, 0);
        return {
          parts: dropped === items ? [] : [{ items: items - dropped, body: left }],
          drops: [...drops].map(([reason, count]) => ({ reason, items: count })),
        };
      },
      checkpoint: () => kept.checkpoint(),
      restore: (checkpoint) => kept.restore(checkpoint),
      get kept() {
        return kept.size;
      },
    };
  },
});

/** The point that takes the place of a delta, or why there is none. */
function accumulate(
  streams: DeltaStreams,
  tenant: string,
  identity: StreamIdentity,
  point: Cursor,
  around: Around,
  out: Writer,
): Uint8Array | DropReason {
  const kind = POINT_KINDS[around.data];
  const { start, time, flags } = timesOf(point, FLAGS[around.data] ?? 0);
  const delta = kind?.read(point.bytes, point.start, point.stop);
  // It says that there is no value, which is as true for the sum.
  if (kind === undefined || delta === undefined || flags & NO_RECORDED_VALUE) return point.slice();
  const key = identity.of(point, around);
  const stream = streams.get(key);
  if (stream === undefined) {
    const begun = streams.begin(key, { tenant, data: around.data, start, time, value: delta });
    return begun ? point.slice() : "stream_limit";
  }
  if (start < stream.start) return "older_start";
  if (time <= stream.time) return "out_of_order";
  const sum = kind.add(stream.value, delta);
  // What cannot be added up begins anew, with the start that says so.
  const next = sum === undefined ? { start, time, value: delta } : { start: stream.start, time, value: sum };
  if (!streams.update(key, stream, next)) return "stream_limit";
  return rewritten(out, point, kind, stream);
}

function timesOf(point: Cursor, flagsField: number) {
  const field = new Cursor(point.bytes).enter(point);
  let start = 0n;
  let time = 0n;
  let flags = 0;
  while (field.next()) {
    if (field.is(POINT.start, Wire.fixed64)) start = field.fixed64();
    else if (field.is(POINT.time, Wire.fixed64)) time = field.fixed64();
    else if (field.is(flagsField, Wire.varint)) flags = field.number();
  }
  return { start, time, flags };
}

/** The point with the stream's start and value; its attributes, time, exemplars and unknown fields are its own. */
function rewritten(out: Writer, point: Cursor, kind: PointKind<unknown>, { start, value }: Stream): Uint8Array {
  const begin = out.length;
  const field = new Cursor(point.bytes).enter(point);
  while (field.next()) {
    if (field.field !== POINT.start && !kind.fields.has(field.field))
      out.raw(point.bytes.subarray(field.at, field.stop));
  }
  out.tag(POINT.start, Wire.fixed64).fixed64(start);
  kind.write(out, value);
  // What makes room leaves the memory before to those who hold it.
  return out.finish().subarray(begin);
}
