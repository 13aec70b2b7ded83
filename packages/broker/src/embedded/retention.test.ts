import { describe, expect, test } from "vitest";
import { judgeOldest, type RetentionOptions } from "./retention.ts";
import { Positions, type Segment } from "./segment.ts";

const NOW = 1_000_000;

/** Files of 100 B, 10 s apart, the newest begun just now; each begins where the streams stand in `starts`. */
function files(...starts: readonly (readonly number[])[]): Segment[] {
  return starts.map((offsets, place) => ({
    number: place + 1,
    previous: null,
    starts: new Positions(offsets.flatMap((offset) => [offset, 0])),
    end: 100,
    firstTimestamp: 0,
    lastTimestamp: NOW - (starts.length - 1 - place) * 10_000,
  }));
}
const judge = (segments: readonly Segment[], options: Partial<RetentionOptions>) =>
  judgeOldest(segments, NOW, { retentionMs: 3_600_000, ...options });

describe("age", () => {
  test("takes a file whose newest record is older, read or not", () => {
    const unread = () => ({ group: "g", offset: 0 });
    expect(judge(files([0], [5]), { retentionMs: 9_999, unread })).toEqual({ kind: "remove" });
    expect(judge(files([0], [5]), { retentionMs: 10_000, unread })).toEqual({ kind: "keep" });
  });

  test("never takes the file that is written on", () => {
    expect(judge(files([0]), { retentionMs: -1, retentionBytes: 0 })).toEqual({ kind: "keep" });
    expect(judge([], { retentionMs: -1 })).toEqual({ kind: "keep" });
  });
});

describe("size", () => {
  test("takes the oldest file of a log that is larger, and none of one that is just as large", () => {
    expect(judge(files([0], [5], [9]), { retentionBytes: 299 })).toEqual({ kind: "remove" });
    expect(judge(files([0], [5], [9]), { retentionBytes: 300 })).toEqual({ kind: "keep" });
  });

  test("takes nothing that a group has not read to its end", () => {
    const reading = (offset: number) => judge(files([0], [5], [9]), { retentionBytes: 1, unread: () => at(offset) });
    const at = (offset: number) => ({ group: "slow", offset });
    expect(reading(4)).toEqual({ kind: "held", group: "slow", bytes: 300 });
    expect(reading(5)).toEqual({ kind: "remove" });
  });

  test("asks only about streams of which something is in the file", () => {
    const asked: number[] = [];
    const unread = (stream: number) => {
      asked.push(stream);
      return stream === 2 ? { group: "slow", offset: 7 } : undefined;
    };
    expect(judge(files([4, 0, 7], [4, 3, 8]), { retentionBytes: 1, unread })).toMatchObject({ kind: "held" });
    expect(asked).toEqual([1, 2]);
  });
});
