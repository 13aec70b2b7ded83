import { expect, test } from "vitest";
import { outage } from "./outage.ts";
import { PlayedWindows } from "./played-windows.ts";

const START = Date.UTC(2026, 0, 1);

test("what has been sent by now is there after a refresh, and nothing else", async () => {
  let now = START;
  const windows = new PlayedWindows(outage({ seed: 1, startMs: START, speed: 30 }), { now: () => now });
  expect(windows.held()).toEqual({ series: 0, samples: 0 });
  const up = { name: "__name__", op: "=", value: "up", matches: (value: string) => value === "up" } as const;
  const samplesAt = async (at: number) => {
    now = at;
    expect(await windows.refresh()).toEqual({ watermark: at, warming: false });
    return (await windows.select([up])).map(({ times }) => times.length);
  };
  expect(new Set(await samplesAt(START))).toEqual(new Set([1]));
  expect(new Set(await samplesAt(START + 499))).toEqual(new Set([1]));
  expect(new Set(await samplesAt(START + 500))).toEqual(new Set([2]));
  expect(new Set(await samplesAt(START + 180_000))).toEqual(new Set([361]));
});
