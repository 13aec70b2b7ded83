/**
 * OTLP metrics to Prometheus series, straight from the wire bytes. Rules: OpenTelemetry, "Prometheus and OpenMetrics
 * Compatibility", and where that leaves a choice, what the Collector does by default.
 *
 * A resource, scope, metric and point is known by its bytes. What is met again costs a look into a map for each; names and
 * labels are made when something is met for the first time.
 */
import {
  Cursor,
  isData,
  isEntry,
  isPoint,
  isResource,
  isScope,
  located,
  type MetricDataField,
  merged,
  RESOURCE,
  SCOPE,
  Wire,
} from "@rondo/otlp";
import type { Labels } from "@rondo/promql";
import type { MetricSeries } from "./metric-series.ts";
import { PointReader } from "./points.ts";
import { latin1, ResourceSeries } from "./resource-series.ts";
import type { ScopeSeries } from "./scope-series.ts";
import type { RefusalReason, SeriesReader, Translation } from "./series.ts";
import { SeriesMemory } from "./series-memory.ts";
import type { TranslationStrategy } from "./strategy.ts";

/** How names and labels are made. What is absent has the Collector's default. */
export interface TranslatorOptions {
  /** Put before every name with a `_`; none by default. */
  readonly namespace?: string;
  /** `UnderscoreEscapingWithSuffixes` by default. */
  readonly strategy?: TranslationStrategy;
  /** Added to every series that has no label of that name. Names are taken as they are. */
  readonly externalLabels?: Labels;
  /** Whether each resource is a `target_info` series as well; true by default. */
  readonly targetInfo?: boolean;
  /** Whether series carry their instrumentation scope as `otel_scope_*`; true by default. */
  readonly scopeInfo?: boolean;
  /** Whether `otel_scope_schema_url` is among them; false by default, as in the Collector's remote write. */
  readonly scopeSchema?: boolean;
  /** Which attributes of its resource every series carries, by key; none by default. */
  readonly resourceLabels?: (key: string) => boolean;
  /** Most series, and spellings of series, of one generation; twice as many may be held while one takes over from another. */
  readonly seriesLimit?: number;
}

/** Entries of one generation by default: about 50,000 series of a kilobyte each. */
const SERIES_LIMIT = 100_000;

/** Turns requests into samples, and remembers the series that it has met. It is not reentrant. */
export interface Translator {
  /** Gives the samples of an ExportMetricsServiceRequest to `reader`, in order. Throws WireError on malformed frames. */
  translate(body: Uint8Array, reader: SeriesReader): Translation;
}

/** Makes a translator that has met nothing. */
export function createTranslator(options: TranslatorOptions = {}): Translator {
  return new WireTranslator(options);
}

class WireTranslator implements Translator {
  readonly #options: TranslatorOptions;
  readonly #memory = new SeriesMemory();
  /** By the bytes of the Resource message. */
  #resources = new Map<string, ResourceSeries>();

  constructor(options: TranslatorOptions) {
    this.#options = options;
  }

  translate(body: Uint8Array, reader: SeriesReader): Translation {
    if (this.#memory.entries >= (this.#options.seriesLimit ?? SERIES_LIMIT)) {
      this.#memory.turn();
      this.#resources = new Map();
    }
    return located("metrics", body, () => new Passage(body, reader, (resource) => this.#resource(resource)).run());
  }

  #resource(message: Uint8Array): ResourceSeries {
    const key = latin1(message);
    const known = this.#resources.get(key);
    if (known !== undefined) return known;
    const made = new ResourceSeries(message, this.#options, this.#memory);
    this.#resources.set(key, made);
    this.#memory.note();
    return made;
  }
}

/** One way through one request. */
class Passage {
  readonly #body: Buffer;
  readonly #reader: SeriesReader;
  readonly #resourceOf: (message: Uint8Array) => ResourceSeries;
  readonly #points: PointReader;
  readonly #resource: Cursor;
  readonly #scope: Cursor;
  readonly #metric: Cursor;
  readonly #data: Cursor;
  /** The newest point of each resource, milliseconds: that is when its target_info is true. */
  readonly #newest = new Map<ResourceSeries, number>();
  readonly #refusals = new Map<RefusalReason, { points: number; metric: string }>();
  #count = 0;

  constructor(body: Uint8Array, reader: SeriesReader, resourceOf: (message: Uint8Array) => ResourceSeries) {
    this.#body = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    this.#reader = reader;
    this.#resourceOf = resourceOf;
    this.#points = new PointReader(this.#body, reader);
    this.#resource = new Cursor(this.#body);
    this.#scope = new Cursor(this.#body);
    this.#metric = new Cursor(this.#body);
    this.#data = new Cursor(this.#body);
  }

  run(): Translation {
    const request = new Cursor(this.#body);
    while (request.next()) if (isResource(request)) this.#resourceMetrics(request);
    let { samples } = this.#points;
    for (const [{ targetInfo }, time] of this.#newest) {
      if (targetInfo === undefined) continue;
      samples++;
      this.#reader.sample(targetInfo, time, 1);
    }
    const refusals = [...this.#refusals].map(([reason, about]) => ({ reason, ...about }));
    return { points: this.#count, samples, refusals };
  }

  #resourceMetrics(request: Cursor): void {
    const owner = this.#resourceOf(merged(request, RESOURCE.resource));
    let newest = 0;
    const resource = this.#resource.enter(request);
    while (resource.next()) {
      if (!isScope(resource)) continue;
      const owned = owner.scope(merged(resource, SCOPE.scope), schemaUrlOf(this.#scope.enter(resource)));
      const scope = this.#scope.enter(resource);
      while (scope.next()) if (isEntry(scope)) newest = Math.max(newest, this.#metricPoints(scope, owned));
    }
    const before = this.#newest.get(owner) ?? 0;
    if (newest > before) this.#newest.set(owner, newest);
  }

  /** The time of the newest point that was given on, 0 when none was. */
  #metricPoints(scope: Cursor, owner: ScopeSeries): number {
    let newest = 0;
    const metric = this.#metric.enter(scope);
    while (metric.next()) {
      if (!isData(metric)) continue;
      const series = owner.metric(scope, metric, this.#data, this.#body);
      // As above: the field holds data.
      const read = READERS[metric.field as MetricDataField];
      const data = this.#data.enter(metric);
      while (data.next()) {
        if (!isPoint(data)) continue;
        this.#count++;
        const refusal = series.head.refusal ?? read(this.#points, data, series);
        if (refusal !== undefined) this.#refuse(refusal, series);
        else if (this.#points.time > newest) newest = this.#points.time;
      }
    }
    return newest;
  }

  #refuse(reason: RefusalReason, { head }: MetricSeries): void {
    const known = this.#refusals.get(reason);
    if (known !== undefined) known.points++;
    else this.#refusals.set(reason, { points: 1, metric: head.name });
  }
}

type ReadPoint = (points: PointReader, parent: Cursor, series: MetricSeries) => RefusalReason | undefined;

const readNumber: ReadPoint = (points, parent, series) => points.number(parent, series);

/** How the points of each kind of data are read. */
const READERS: Readonly<Record<MetricDataField, ReadPoint>> = {
  5: readNumber,
  7: readNumber,
  9: (points, parent, series) => points.histogram(parent, series),
  10: () => "exponential_histogram",
  11: (points, parent, series) => points.summary(parent, series),
};

function schemaUrlOf(scope: Cursor): string {
  let url = "";
  while (scope.next()) if (scope.is(SCOPE.schemaUrl, Wire.bytes)) url = scope.text();
  return url;
}
