import { Fault, type Log, silentLog } from "@rondo/core";
import { FakeClock } from "@rondo/testkit";
import { expect, test } from "vitest";
import { logAppend } from "./log-append.ts";

test("a client learns that the log is in trouble, and its operator which", async () => {
  const faults: (Error | undefined)[] = [
    new Fault("disk_full", "/var/lib/rondo: no room is left"),
    new Fault("unavailable", "no answer from kafka-1.internal:9092"),
    new Error("odd"),
    undefined,
  ];
  const lines: (readonly unknown[])[] = [];
  const note = (...line: readonly unknown[]) => void lines.push(line);
  const log: Log = { ...silentLog, info: note, warn: note };
  const append = logAppend(
    {
      async append() {
        const fault = faults.shift();
        if (fault !== undefined) throw fault;
        return { baseOffset: 0, timestamp: 0, returned: true };
      },
    },
    log,
    new FakeClock(),
  );
  const said = async () => await append("t", 0, []).catch(({ code, message }: Fault) => ({ code, message }));
  expect(await said()).toEqual({ code: "disk_full", message: "the log has no room for the request" });
  const later = { code: "unavailable", message: "the log does not take requests at present" };
  expect(await said()).toEqual(later);
  expect(await said()).toEqual(later);
  expect(await said()).toEqual({ baseOffset: 0, timestamp: 0, returned: true });
  expect(lines.map(([message]) => message)).toEqual([
    "the log does not take requests; their clients are told",
    "the log takes requests again",
  ]);
  expect(lines[0]?.[1]).toMatchObject({ topic: "t", fault: { message: "/var/lib/rondo: no room is left" } });
});
