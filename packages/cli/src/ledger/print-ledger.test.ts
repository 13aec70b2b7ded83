/** What the page looks like; what is in it stands in read-ledger.test.ts. */
import { expect, test } from "vitest";
import { printed } from "../configuration.cases.ts";
import { EXIT } from "../out.ts";
import { printLedger } from "./print-ledger.ts";
import type { LedgerPage } from "./read-ledger.ts";

const NOTHING: LedgerPage = { receivers: [], lines: [], partitions: [], lag: [], differences: [], notes: [] };
const ROW = { entered: 5, created: 0, forwarded: 3, delivered: 0, deadLettered: 0, redelivered: 0 };

test("drops are printed with component and reason", () => {
  const { lines, out } = printed();
  const about = { pipeline: "traces", exporter: "", tenant: "default", removed: false };
  printLedger({ ...NOTHING, lines: [{ ...ROW, ...about, dropped: { "filter/sampled": 2 } }] }, out);
  expect(lines[1]).toContain("2 (filter/sampled 2)");
});

test("partitions have rows when they are asked for, and what was removed says so", () => {
  const totals = { offset: 4, rows: { a: { ...ROW, dropped: {} } } };
  const about = { pipeline: "traces", exporter: "old", group: "rondo.traces.old", removed: true };
  const partition = {
    ...about,
    partition: 2,
    totals,
    position: { partition: 2, registered: 0 },
    range: { low: 0, high: 9 },
  };
  const page = { ...NOTHING, partitions: [partition], lines: [{ ...ROW, ...about, tenant: "a", dropped: {} }] };
  const { lines, out } = printed();
  expect(printLedger(page, out, { partitions: true })).toBe(EXIT.ok);
  expect(lines[1]).toMatch(/^traces +old \(removed\) +a +5/);
  expect(lines).toContainEqual(expect.stringMatching(/^rondo\.traces\.old +2 +a +4 +9 +5/));
});

test("a lag is said with what it is worth, an estimate as one", () => {
  const lag = {
    group: "g",
    records: 7,
    items: 700,
    isExact: false,
    seconds: 61.4,
    lost: 0,
    fromStart: true,
    removed: false,
  };
  const { lines, out } = printed();
  printLedger({ ...NOTHING, lag: [lag, { ...lag, records: 0 }] }, out);
  expect(lines.filter((line) => line.startsWith("g:"))).toEqual([
    "g: 7 records not committed yet (about 700 items, the oldest 61 s old)",
  ]);
});
