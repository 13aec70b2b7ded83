import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { countItems, timeRange } from "@rondo/otlp";
import { decodeRequest } from "@rondo/otlp/codec";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { outage } from "./outage.ts";
import { DURATION_MS } from "./outage-plot.ts";
import { OUTAGE_RULES } from "./outage-rules.ts";
import { truthOf } from "./truth.ts";

const START = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const fleet = outage({ seed: 1, startMs: START });

const hashOf = (options: Parameters<typeof outage>[0]) => {
  const hash = createHash("sha256");
  for (const { body, ...rest } of outage(options).requests) hash.update(JSON.stringify(rest)).update(body);
  return hash.digest("hex");
};

test("the same seed gives the same bytes, another seed or another start others", () => {
  const first = hashOf({ seed: 1, startMs: START });
  expect(hashOf({ seed: 1, startMs: START })).toBe(first);
  expect(hashOf({ seed: 2, startMs: START })).not.toBe(first);
  expect(hashOf({ seed: 1, startMs: START + 1 })).not.toBe(first);
});

test("the rules are those of the examples", async () => {
  const file = await readFile(new URL("../../../../deploy/examples/alerting-rules.yml", import.meta.url), "utf8");
  const written = parse(file).groups.flatMap(({ name, rules }: { name: string; rules: readonly never[] }) =>
    rules.map(({ alert, for: held, labels }: { alert: string; for: string; labels: { severity: string } }) => [
      name,
      alert,
      Number.parseInt(held, 10) * MINUTE,
      labels.severity,
    ]),
  );
  expect(OUTAGE_RULES.map(({ group, alert, forMs, severity }) => [group, alert, forMs, severity])).toEqual(written);
});

describe("requests", () => {
  test("go by time, for 90 minutes, and their first time is the start", () => {
    const times = fleet.requests.map(({ t }) => t);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect([times[0], times.at(-1)]).toEqual([0, 90 * 60]);
    const ranges = fleet.requests.map(({ signal, body }) => timeRange(signal, body));
    const first = ranges.reduce((least, one) => (one && one.first < least ? one.first : least), 1n << 63n);
    expect(first).toBe(BigInt(START) * 1_000_000n);
  });

  test("are no more than a machine can replay", () => {
    expect(fleet.requests.length).toBeLessThan(40_000);
    expect(fleet.requests.every(({ signal, body }) => countItems(signal, body) > 0)).toBe(true);
  });

  test("come from 100 clients, of which 60 are away from minute 20 to minute 50 and begin anew", () => {
    const clients = (from: number, until: number) => {
      const chosen = fleet.requests.filter(({ t, signal }) => signal === "metrics" && t >= from * 60 && t < until * 60);
      const points = chosen.flatMap(({ body }) =>
        decodeRequest("metrics", body).resourceMetrics.flatMap(({ resource, scopeMetrics }) => {
          const id = resource?.attributes.find(({ key }) => key === "service.instance.id")?.value?.stringValue ?? "";
          const [point] = scopeMetrics[0]?.metrics[0]?.gauge?.dataPoints ?? [];
          return id.startsWith("client-") ? [{ id, start: Number(point?.startTimeUnixNano) / 1e6 - START }] : [];
        }),
      );
      return new Map(points.map(({ id, start }) => [id, start / MINUTE]));
    };
    expect(clients(0, 20).size).toBe(100);
    // A Collector sends what it read up to 15 s before.
    expect(clients(20.25, 50).size).toBe(40);
    const after = clients(50.25, 90);
    expect(after.size).toBe(100);
    expect([...after.values()].filter((start) => start === 50)).toHaveLength(60);
  });
});

/** Transitions as lines: minute, alert, what tells the instance from others, and the new state. */
function story(of: ReturnType<typeof outage>): readonly string[] {
  return of.truth.transitions.map(({ at, alert, labels, to }) => {
    const who = labels["job_id"] ?? labels["status"] ?? labels["instance"];
    return `${((at - of.time.startMs) * of.time.speed) / MINUTE} ${alert} ${who} ${to}`;
  });
}

/*
 * How each follows, with samples and slots at whole minutes:
 * HighErrorRate: errors begin at 10:00, the first counter value (10:15) is invisible to `rate`; at 11:00 three steps of 15
 *   stand for 52 of 300 s, 0.175/s; five minutes later it fires. Errors end at 22:00; at 26:00 the window (21:00, 26:00] sees
 *   three steps still, 0.16/s, at 27:00 none.
 * TrainingJobStuck: the first round is the counter's first value, so nothing seems to happen until the second. The last
 *   round before the pause ends at 14:00; at 43:00 the window (13:00, 43:00] still sees it, at 44:00 its left border, which
 *   does not belong to it, is the sample that counted the round. 30 minutes later it fires, and round 84:00 ends it.
 * ClientDropout: 40 < 50 from 20:00 until the return at 50:00.
 * SystemResourceHigh: host-02 is busy by its CPU until 64:00 and by its memory from 62:00 on: one alert from 52:00 to 72:00.
 * The others: the value changes at a sample at which a slot lies, so the slot sees it.
 */
test("to the slot, everything that happens", () => {
  expect(story(fleet)).toEqual([
    "2 TrainingJobStuck job-2 pending",
    "3 TrainingJobStuck job-1 pending",
    "3 TrainingJobStuck job-2 inactive",
    "4 TrainingJobStuck job-1 inactive",
    "5 DatabaseConnectionsHigh mongodb-0 pending",
    "11 HighErrorRate 503 pending",
    "12 DatabaseConnectionsHigh mongodb-0 inactive",
    "16 HighErrorRate 503 firing",
    "20 ClientDropout fl-server-0 pending",
    "25 ServiceDown mongodb-0 pending",
    "27 HighErrorRate 503 inactive",
    "28 ServiceDown mongodb-0 inactive",
    "30 ClientDropout fl-server-0 firing",
    "30 SystemResourceHigh host-03 pending",
    "35 ServiceDown fl-gateway-0 pending",
    "40 SystemResourceHigh host-03 inactive",
    "40 ServiceDown fl-gateway-0 firing",
    "44 TrainingJobStuck job-1 pending",
    "45 ServiceDown fl-gateway-0 inactive",
    "50 ClientDropout fl-server-0 inactive",
    "52 SystemResourceHigh host-02 pending",
    "60 DatabaseConnectionsHigh mongodb-0 pending",
    "67 SystemResourceHigh host-02 firing",
    "70 DatabaseConnectionsHigh mongodb-0 firing",
    "72 SystemResourceHigh host-02 inactive",
    "74 TrainingJobStuck job-1 firing",
    "75 DatabaseConnectionsHigh mongodb-0 inactive",
    "84 TrainingJobStuck job-1 inactive",
  ]);
});

test.each([2, 2026])("seed %i changes values and clients, not what happens", (seed) => {
  expect(story(outage({ seed, startMs: START }))).toEqual(story(fleet));
});

test.each([30, 60])("at speed %i the same happens that much sooner", (speed) => {
  expect(story(outage({ seed: 1, startMs: START, speed }))).toEqual(story(fleet));
});

test("each rule fires once, whatever the slots' offset", () => {
  for (const offset of [0, 1, 7_000, 30_000, 59_999]) {
    const offsetsMs = { federated_learning_alerts: offset, infrastructure_alerts: 60_000 - 1 - offset };
    const evaluation = { intervalMs: MINUTE, offsetsMs };
    const { episodes } = truthOf(OUTAGE_RULES, fleet.series, fleet.time, DURATION_MS, evaluation);
    const ended = episodes.filter(({ endsAt }) => endsAt !== undefined);
    expect(ended.map(({ labels }) => labels["alertname"]).sort()).toEqual(
      OUTAGE_RULES.map(({ alert }) => alert).sort(),
    );
  }
});
