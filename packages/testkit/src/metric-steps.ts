/**
 * Cases of processors that keep state: requests of metrics one after the other, written as OTLP has them. Each step is also run by
 * an instance that was restored from the checkpoint before it, which must give the same bytes and the same checkpoint.
 */
import type { Batch, KeepingProcessor, Processed } from "@rondo/core";
import { countItems } from "@rondo/otlp";
import { type DecodedRequest, decodeRequest, encodeRequest } from "@rondo/otlp/codec";

/** One request and what must come of it. */
export interface MetricStep {
  /** The broker's time of its record, milliseconds after the case began. */
  readonly at?: number;
  readonly tenant?: string;
  /** Attributes of the resource, text each. */
  readonly resource?: Readonly<Record<string, string>>;
  /** Metric messages, with the names of OTLP's JSON. */
  readonly in: readonly object[];
  /** Those that are left; `same`: the very bytes. */
  readonly out?: readonly object[] | "same";
  readonly drops?: Readonly<Record<string, number>>;
}

/** What one step came to, beside what was expected of it. */
export interface StepResult {
  readonly expected: unknown;
  readonly actual: unknown;
}

/** Runs the steps; `began` is the broker's time at the beginning. */
export function runMetricSteps(
  create: () => KeepingProcessor,
  steps: readonly MetricStep[],
  began: number,
): readonly StepResult[] {
  const processor = create();
  return steps.map(({ at = 0, tenant = "default", resource, in: given, out = "same", drops = {} }) => {
    const body = requestOf(given, resource);
    const batch: Batch<"metrics"> = {
      signal: "metrics",
      tenant,
      items: countItems("metrics", body),
      body,
      via: "otlp",
    };
    const heir = create();
    heir.restore(processor.checkpoint());
    const made = processor.process(batch, began + at);
    const again = heir.process({ ...batch, body: Buffer.from(body) }, began + at);
    const wanted = out === "same" ? [body] : out.length === 0 ? [] : [requestOf(out, resource)];
    return {
      expected: {
        parts: wanted.map(readable),
        ...{ drops, counted: made.parts.map((part) => countItems("metrics", part.body)) },
        ...{ items: batch.items, same: out === "same", again: bytesOf(made), checkpoint: text(processor.checkpoint()) },
      },
      actual: {
        parts: made.parts.map((part) => readable(part.body)),
        drops: Object.fromEntries((made.drops ?? []).map(({ reason, items }) => [reason, items])),
        counted: made.parts.map(({ items }) => items),
        items: [...made.parts, ...(made.drops ?? [])].reduce((sum, { items }) => sum + items, 0),
        ...{ same: made.parts[0]?.body === body, again: bytesOf(again), checkpoint: text(heir.checkpoint()) },
      },
    };
  });
}

function requestOf(metrics: readonly object[], resource: MetricStep["resource"]): Uint8Array {
  const attributes = Object.entries(resource ?? {}).map(([key, value]) => ({ key, value: { stringValue: value } }));
  const request = {
    resourceMetrics: [{ ...(resource && { resource: { attributes } }), scopeMetrics: [{ metrics }] }],
  };
  // Names that are not OTLP's would be left out, and be missed by the case.
  return encodeRequest("metrics", request as unknown as DecodedRequest<"metrics">);
}

function readable(body: Uint8Array): unknown {
  const decoded = decodeRequest("metrics", body);
  return JSON.parse(JSON.stringify(decoded, (_, value) => (typeof value === "bigint" ? `${value}` : value)));
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
const bytesOf = ({ parts }: Processed) => parts.map(({ body }) => text(body));
