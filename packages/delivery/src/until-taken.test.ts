import { Fault, type Log, silentLog } from "@rondo/core";
import { FakeClock, settled } from "@rondo/testkit";
import { expect, test } from "vitest";
import { untilTaken } from "./until-taken.ts";

function set(faults: readonly Fault[]) {
  const clock = new FakeClock();
  const lines: string[] = [];
  const log: Log = {
    ...silentLog,
    warn: (line: string) => void lines.push(line),
    info: (line: string) => void lines.push(line),
  };
  const ended = new AbortController();
  const left = [...faults];
  const write = async () => {
    const fault = left.shift();
    if (fault !== undefined) throw fault;
    return "written";
  };
  return { clock, lines, ended, left, taken: untilTaken(write, ended.signal, { clock, log, where: {} }) };
}

const FULL = new Fault("disk_full", "no room");
const AWAY = new Fault("unavailable", "no device");

test("tries again until the log takes it, and says so once", async () => {
  const { clock, lines, taken } = set([FULL, AWAY, FULL]);
  await clock.advance(10_000);
  expect(await taken).toBe("written");
  expect(lines).toEqual([
    "the log takes no records; holding the partition until it does",
    "the log takes records again",
  ]);
});

test("gives up when the claim is lost or the reader ends", async () => {
  expect(await set([new Fault("aborted", "taken away")]).taken).toBeUndefined();
  const { clock, ended, taken, left } = set([FULL, FULL]);
  await settled();
  ended.abort();
  expect(await taken).toBeUndefined();
  expect([left.length, clock.pending]).toEqual([1, 0]);
});

test("what will not pass is the caller's", async () => {
  await expect(set([new Fault("corrupt", "broken")]).taken).rejects.toMatchObject({ code: "corrupt" });
});
