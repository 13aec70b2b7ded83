/**
 * The windows of a scenario that is being played: what has been sent by now, translated as the product translates it, whole
 * and never late. For an evaluator of rules on a clock that a test moves.
 */
import type { Clock } from "@rondo/core";
import { createTranslator, type Series } from "@rondo/prometheus";
import type { Matcher, SampleSeries } from "@rondo/promql";
import type { Freshness, WindowReader } from "@rondo/windows";
import type { EventTime } from "./event-time.ts";
import type { FleetRequest } from "./fleet-request.ts";

interface Samples {
  /** The series' labels, for matchers. */
  readonly byName: ReadonlyMap<string, string>;
  readonly times: number[];
  readonly values: number[];
}

/** Reads a played scenario as an alert worker reads windows. */
export class PlayedWindows implements WindowReader {
  readonly #clock: Pick<Clock, "now">;
  readonly #time: EventTime;
  /** By time, those that are still to be sent. */
  readonly #coming: FleetRequest[];
  readonly #translator = createTranslator();
  readonly #series = new Map<Series, Samples>();

  constructor(
    { requests, time }: { readonly requests: readonly FleetRequest[]; readonly time: EventTime },
    clock: Pick<Clock, "now">,
  ) {
    this.#clock = clock;
    this.#time = time;
    this.#coming = requests.filter(({ signal }) => signal === "metrics").toReversed();
  }

  async refresh(): Promise<Freshness> {
    const now = this.#clock.now();
    for (let next = this.#coming.at(-1); next !== undefined && this.#sentBy(next, now); next = this.#coming.at(-1)) {
      this.#translator.translate(next.body, {
        sample: (series, time, value) => {
          const { times, values } = this.#samplesOf(series);
          times.push(time);
          values.push(value);
        },
      });
      this.#coming.pop();
    }
    return { watermark: now, warming: false };
  }

  async select(matchers: readonly Matcher[]): Promise<readonly SampleSeries[]> {
    return [...this.#series].flatMap(([{ labels }, { byName, times, values }]) => {
      const isAsked = matchers.every((matcher) => matcher.matches(byName.get(matcher.name) ?? ""));
      return isAsked ? [{ labels, times: Float64Array.from(times), values: Float64Array.from(values) }] : [];
    });
  }

  held() {
    const all = [...this.#series.values()];
    return { series: all.length, samples: all.reduce((sum, { times }) => sum + times.length, 0) };
  }

  /** A sample of a moment is there at that moment: `t` is not whole milliseconds at every speed, the sample's time is. */
  #sentBy({ t }: FleetRequest, now: number): boolean {
    return this.#time.startMs + Math.round(t * 1000) <= now;
  }

  #samplesOf(series: Series): Samples {
    const known = this.#series.get(series);
    if (known !== undefined) return known;
    const made: Samples = { byName: new Map(series.labels), times: [], values: [] };
    this.#series.set(series, made);
    return made;
  }
}
