/** The names, labels and samples that a fleet promises are those that its requests become: two opinions, one result. */
import { createTranslator, type SeriesReader } from "@rondo/prometheus";
import { expect, test } from "vitest";
import { outage } from "./outage.ts";
import { labelsText } from "./plain-series.ts";

/** Samples by series, as text that shows where two differ. */
type Samples = Map<string, (readonly [time: number, value: number])[]>;

function add(to: Samples, name: string, labels: Readonly<Record<string, string>>, time: number, value: number): void {
  const key = `${name} ${labelsText(labels)}`;
  const samples = to.get(key) ?? [];
  to.set(key, samples);
  samples.push([time, value]);
}

test.each([1, 30])(
  "at speed %i, translated by the product, every sample is the one that the truth was computed from",
  (speed) => {
    const played = outage({ seed: 4, startMs: Date.UTC(2026, 0, 1), speed });
    const promised: Samples = new Map();
    for (const { name, labels, times, values } of played.series)
      for (const [index, time] of times.entries()) add(promised, name, labels, time, values[index] ?? Number.NaN);
    const translated: Samples = new Map();
    const reader: SeriesReader = {
      sample({ labels }, time, value) {
        const { __name__: name = "", ...others } = Object.fromEntries(labels);
        // What a resource says besides its identity: the truth has no use for it.
        if (name !== "target_info") add(translated, name, others, time, value);
      },
    };
    const translator = createTranslator();
    for (const { signal, body } of played.requests)
      if (signal === "metrics") expect(translator.translate(body, reader).refusals).toEqual([]);
    expect([...translated.keys()].sort()).toEqual([...promised.keys()].sort());
    for (const [series, samples] of promised) expect(translated.get(series), series).toEqual(samples);
  },
);
