import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SIGNALS } from "@rondo/otlp";
import { decodeRequest, encodeRequest } from "@rondo/otlp/codec";
import { afterAll, describe, expect, test } from "vitest";
import { needs } from "../needs.ts";
import { parseMetrics } from "../rig/metrics-page.ts";
import { checkAccount, isDrained } from "./account.ts";
import { capturedLines } from "./capture.ts";
import { INSERTED, identify, ledgerLine } from "./identity.ts";
import { followLines, openLedger } from "./ledger.ts";
import { buildRequest } from "./load.ts";
import { runSelection } from "./selection.cases.ts";
import { openTally } from "./tally.ts";

const folder = mkdtempSync(join(tmpdir(), "rondo-chaos-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Plays the pipeline: decodes, adds what the processors insert, encodes. */
function enrich(signal: (typeof SIGNALS)[number], body: Buffer): Buffer {
  const add = ([key, stringValue]: readonly [string, string]) => ({ key, value: { stringValue } });
  const walked = JSON.parse(
    JSON.stringify(decodeRequest(signal, body), (_key, value) => {
      if (typeof value === "bigint") return `big:${value}`;
      return value instanceof Uint8Array ? `hex:${Buffer.from(value).toString("hex")}` : value;
    }),
    (key, value) => {
      if (typeof value === "string" && value.startsWith("big:")) return BigInt(value.slice(4));
      if (typeof value === "string" && value.startsWith("hex:"))
        return Uint8Array.from(Buffer.from(value.slice(4), "hex"));
      if (key === "resource") return { ...value, attributes: [...value.attributes, add(INSERTED.resource)] };
      if (["spans", "dataPoints", "logRecords"].includes(key))
        return value.map((item: { attributes: unknown[] }) => ({
          ...item,
          attributes: [add(INSERTED.item), ...item.attributes],
        }));
      return value;
    },
  );
  return Buffer.from(encodeRequest(signal, walked));
}

describe.each(SIGNALS)("identity of %s", (signal) => {
  const body = buildRequest(signal, 3, 100, 10, 2);

  test("is the same on both sides of the pipeline", () => {
    const sort = (lines: readonly string[]) => [...lines].sort();
    const before = identify(signal, body, false);
    expect(before).toHaveLength(10);
    expect(new Set(before.map(({ identity }) => identity)).size).toBe(10);
    expect(before.map(({ stamp }) => stamp).sort()).toContain("3:2:100:105");
    expect(sort(identify(signal, enrich(signal, body), true).map((one) => ledgerLine(signal, one)))).toEqual(
      sort(before.map((one) => ledgerLine(signal, one))),
    );
  });

  test("is another when the enrichment is missing", () => {
    expect(identify(signal, body, true)[0]?.identity).toMatch(/-not-enriched$/);
  });

  test("is another when anything in resource, scope or item is", () => {
    const texts: readonly [string, string][] = [
      ["client-2", "client-3"],
      ["chaos.stamp", "chaos.stamq"],
      ["lane", "line"],
    ];
    const own = identify(signal, body, false)[0]?.identity;
    for (const [from, to] of texts) {
      const other = Buffer.from(body);
      other.write(to, other.indexOf(from));
      expect(identify(signal, other, false)[0]?.identity, `${from} became ${to}`).not.toBe(own);
    }
  });

  test("survives a capture file", () => {
    const line = JSON.stringify({
      signal,
      tenant: "default",
      items: 10,
      body: enrich(signal, body).toString("base64"),
    });
    expect(capturedLines(line)).toHaveLength(10);
    expect(capturedLines(line.slice(0, -9))).toBeUndefined();
    expect(() => capturedLines(line.replace('"items":10', '"items":9'))).toThrow("says 9 items and holds 10");
  });
});

describe("a ledger", () => {
  test("is on disk when append resolves, and goes on where it ended", async () => {
    const path = join(folder, "a.ledger");
    const first = openLedger(path);
    await Promise.all([first.append(["one", "two"]), first.append(["three"])]);
    expect(readFileSync(path, "utf8")).toBe("one\ntwo\nthree\n");
    first.close();
    const second = openLedger(path);
    await second.append(["four"]);
    second.close();
    expect(readFileSync(path, "utf8").split("\n")).toHaveLength(5);
  });

  test("is followed line by line, half a line waiting for its end", () => {
    const path = join(folder, "b.ledger");
    const follow = followLines(path);
    expect(follow()).toEqual([]);
    appendFileSync(path, "one\ntw");
    expect(follow()).toEqual(["one"]);
    appendFileSync(path, "o\n");
    expect(follow()).toEqual(["two"]);
    expect(follow()).toEqual([]);
  });
});

describe("the comparison", () => {
  const line = (number: number) => `logs hash${number} 0:1:${number}:${number}`;
  const tallyOf = (sent: number, acked: number) => {
    const tally = openTally(["a", "b"]);
    for (let i = 0; i < sent; i++) tally.sent(line(i));
    for (let i = 0; i < acked; i++) tally.acked(line(i));
    return tally;
  };

  test("is content when every exporter has delivered what was acknowledged, and perhaps more of what was sent", () => {
    const tally = tallyOf(3, 2);
    for (const exporter of ["a", "b"]) for (let i = 0; i < 3; i++) tally.delivered(exporter, line(i));
    expect(tally.findings()).toMatchObject({ sent: 3, acked: 2, lost: 0, strangers: 0, examples: [] });
    expect(tally.findings().delivered.get("a")).toEqual({ traces: 0, metrics: 0, logs: 3 });
  });

  test("sees an item that one exporter lacks", () => {
    const tally = tallyOf(2, 2);
    tally.delivered("a", line(0));
    tally.delivered("a", line(1));
    tally.delivered("b", line(0));
    expect(tally.findings()).toMatchObject({ lost: 1, examples: [`b never delivered ${line(1)}`] });
  });

  test("sees an item that was changed on the way", () => {
    const tally = tallyOf(1, 1);
    tally.delivered("a", line(0));
    tally.delivered("b", line(0).replace("hash0", "hash9"));
    expect(tally.findings()).toMatchObject({ lost: 1, strangers: 1 });
  });

  test("sees what overtook an earlier request of the same service instance, and only what was acknowledged", () => {
    const tally = tallyOf(3, 2);
    for (const number of [2, 1, 0]) for (const exporter of ["a", "b"]) tally.delivered(exporter, line(number));
    expect(tally.disorder()).toEqual([
      "a delivered the logs of instance 1 out of order: 0:0 came after 0:1",
      "b delivered the logs of instance 1 out of order: 0:0 came after 0:1",
    ]);
    expect(tally.disorder()).toEqual([]);
  });

  test("takes a backend's refusal for an end, unless it reads the dead letters: then the item must be there", () => {
    const [trusting, strict] = [openTally(["a"]), openTally(["a"], true)];
    for (const tally of [trusting, strict]) {
      tally.sent(line(0));
      tally.acked(line(0));
      tally.refused("a", line(0));
    }
    expect([trusting, strict].map((tally) => tally.findings().lost)).toEqual([0, 1]);
    expect(strict.findings().refused.get("a")).toEqual({ traces: 0, metrics: 0, logs: 1 });
    strict.setAside("a", line(0));
    expect(strict.findings()).toMatchObject({ lost: 0, strangers: 0 });
    strict.delivered("a", line(0));
    expect(strict.findings().refused.get("a")).toEqual({ traces: 0, metrics: 0, logs: 0 });
  });

  test("sees what was set aside and never refused", () => {
    const tally = openTally(["a"], true);
    tally.sent(line(0));
    tally.setAside("a", line(0));
    expect(tally.findings()).toMatchObject({
      strangers: 1,
      examples: [`${line(0)} was set aside for a, which never refused it`],
    });
  });

  test("counts what came again", () => {
    const tally = tallyOf(1, 0);
    for (let times = 0; times < 3; times++) tally.delivered("a", line(0));
    expect(tally.findings().duplicates.get("a")).toBe(2);
    expect(tally.findings().delivered.get("a")?.logs).toBe(1);
  });
});

describe("the account", () => {
  const page = (delivered: number, inFlight: number, lag = 0) => `# HELP x y
rondo_items_entered_total{signal="logs",tenant="default",pipeline="logs",component=""} 5
rondo_items_created_total{signal="logs",tenant="default",pipeline="logs",component=""} 0
rondo_items_forwarded_total{signal="logs",tenant="default",pipeline="logs",component=""} 5
rondo_items_entered_total{signal="logs",tenant="default",pipeline="logs",component="a"} 5
rondo_items_delivered_total{signal="logs",tenant="default",pipeline="logs",component="a"} ${delivered}
rondo_items_in_flight{signal="logs",tenant="default",pipeline="logs",component="a"} ${inFlight}
rondo_log_lag_records{signal="logs",pipeline="logs",component="a"} ${lag}
`;
  const backend = (logs: number) => new Map([["a", { traces: 0, metrics: 0, logs }]]);

  test("balances when every item is somewhere", () => {
    expect(checkAccount(parseMetrics(page(5, 0)), backend(5))).toEqual([]);
  });

  test.each([
    ["an item is nowhere", page(4, 0), backend(4), "entered = delivered"],
    ["the backend has fewer than it says", page(5, 0), backend(4), "different items at the backend"],
  ])("does not balance when %s", (_name, text, at, problem) => {
    expect(checkAccount(parseMetrics(text), at).join()).toContain(problem);
  });

  test("is drained when nothing is in flight and nothing unread", () => {
    expect(isDrained(parseMetrics(page(5, 0)))).toBe(true);
    expect(isDrained(parseMetrics(page(4, 1)))).toBe(false);
    expect(isDrained(parseMetrics(page(5, 0, 1)))).toBe(false);
  });
});

test("nothing that was acknowledged is lost to kill -9, an orderly end, a bad backend", {
  timeout: 240_000,
}, async () => {
  const found = await runSelection({
    ...{ broker: "embedded", seed: 20, folder: join(folder, "rounds") },
    rounds: { F1: 4, F2: 1, F8: 2 },
  });
  expect(found.problems).toEqual([]);
  expect(found.results.filter(({ hit }) => hit === true).length).toBeGreaterThanOrEqual(3);
});

needs("strace")(
  "nothing that was acknowledged is lost to a power cut",
  async () => {
    const cut = { broker: "embedded", seed: 20, folder: join(folder, "power"), rounds: { F11: 1 } } as const;
    expect((await runSelection(cut)).problems).toEqual([]);
  },
  120_000,
);
