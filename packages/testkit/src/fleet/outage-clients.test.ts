import { expect, test } from "vitest";
import { chance } from "./chance.ts";
import { clientSenders, outageClients } from "./outage-clients.ts";
import { during, INTERVAL_MS, PLOT } from "./outage-plot.ts";

const leavers = (seed: number) =>
  outageClients(chance(seed)).flatMap(({ lives, instance }) => (lives.length === 2 ? [instance] : []));

test("60 of 100 leave; the seed says which", () => {
  expect(leavers(1)).toHaveLength(60);
  expect(leavers(1)).not.toEqual(leavers(2));
});

test("one site sends by itself, nine through a Collector, each within the interval", () => {
  const chances = chance(1);
  const senders = clientSenders(outageClients(chances), chances);
  expect(senders.map(({ sources }) => sources.length)).toEqual([...Array(10).fill(1), ...Array(9).fill(10)]);
  const waits = senders.flatMap(({ phaseMs, sources }) => [phaseMs, ...sources.map(({ lagMs }) => lagMs)]);
  expect(waits.every((ms) => ms >= 0 && ms < INTERVAL_MS)).toBe(true);
});

test("a client's counters only grow within a life, and begin anew with the next", () => {
  const [client] = outageClients(chance(1)).filter(({ lives }) => lives.length === 2);
  for (const { kind, value } of client?.metrics ?? [])
    for (const life of client?.lives ?? []) {
      const values = [0, 39, 40, 200].map((seconds) => value(life.from + seconds * 1000, life));
      if (kind === "counter") expect(values[0]).toBeUndefined();
      if (kind === "counter") expect(values[3]).toBe(5 * Number(values[2]));
      else expect(Number(values[3])).toBeLessThan(Number(values[0]));
    }
});

test("a span begins with its first moment and ends before its last", () => {
  const { from, until } = PLOT.clientsAway;
  expect([from - 1, from, until - 1, until].map((ms) => during(PLOT.clientsAway, ms))).toEqual([
    false,
    true,
    true,
    false,
  ]);
});
