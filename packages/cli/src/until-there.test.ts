import { Fault, type Log, silentLog } from "@rondo/core";
import { Readiness } from "@rondo/monitor";
import { FakeClock } from "@rondo/testkit";
import { expect, test } from "vitest";
import { untilThere } from "./until-there.ts";

function set() {
  const clock = new FakeClock();
  const said: string[] = [];
  const note = (message: string) => void said.push(message);
  const log: Log = { ...silentLog, info: note, warn: note };
  const readiness = new Readiness(clock);
  const stop = new AbortController();
  return { clock, said, readiness, stop, options: { clock, log, readiness, abort: stop.signal } };
}

// An operator who starts everything at once reads one line, not one a second; a probe is told the truth meanwhile.
test("what is not there is said once, makes the process unready, and is waited for", async () => {
  const { clock, said, readiness, options } = set();
  let there = false;
  const open = async () => {
    if (!there) throw new Fault("unavailable", "connection refused");
    return 7;
  };
  const opened = untilThere("Kafka", open, options);
  await clock.advance(5_000);
  expect(readiness.reasons()).toEqual([{ condition: "Kafka", reason: "Kafka to answer" }]);
  there = true;
  await clock.advance(1_000);
  expect(await opened).toBe(7);
  expect(readiness.reasons()).toEqual([]);
  expect(said).toEqual(["Kafka does not answer: waiting for it", "Kafka is there: going on"]);
});

test("what is there at once is not spoken of", async () => {
  const { said, options } = set();
  expect(await untilThere("Kafka", async () => 1, options)).toBe(1);
  expect(said).toEqual([]);
});

test("what will not pass by itself is thrown", async () => {
  const { options } = set();
  const open = async () => {
    throw new Fault("config", "no such mechanism");
  };
  await expect(untilThere("Kafka", open, options)).rejects.toMatchObject({ code: "config" });
});

test("a stop ends the wait", async () => {
  const { clock, stop, options } = set();
  const open = async () => {
    throw new Fault("unavailable", "no");
  };
  const opened = untilThere("Redis", open, options);
  const ended = expect(opened).rejects.toMatchObject({ code: "aborted", message: /Redis/ });
  await clock.advance(10);
  stop.abort();
  await ended;
});
