import { MessageChannel } from "node:worker_threads";
import { Fault } from "@rondo/core";
import { afterEach, expect, test } from "vitest";
import { answerCalls, type Callable, Caller } from "./calls.ts";

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

function pair(calls: Callable): Caller {
  const { port1, port2 } = new MessageChannel();
  answerCalls(port2, calls);
  const caller = new Caller(port1);
  ends.push(() => caller.end(new Fault("aborted", "the test is over")));
  return caller;
}

test("calls are answered each with its own value, in whatever order they end", async () => {
  const first = Promise.withResolvers<string>();
  const caller = pair({ slow: () => first.promise, double: (number: number) => number * 2 });
  const slow = caller.call("slow");
  expect(await caller.call("double", 21)).toBe(42);
  first.resolve("done");
  expect(await slow).toBe("done");
});

test("a Fault crosses with code and message", async () => {
  const caller = pair({
    fail: () => {
      throw new Fault("unavailable", "no broker");
    },
  });
  await expect(caller.call("fail")).rejects.toMatchObject({ code: "unavailable", message: "no broker" });
  await expect(caller.call("toString")).rejects.toMatchObject({ code: "bug" });
});

// A thread that died answers nothing: whoever waits for it must be told.
test("after the end every call fails, those under way included", async () => {
  const caller = pair({ never: () => new Promise(() => undefined) });
  const waiting = caller.call("never");
  caller.end(new Fault("unavailable", "the thread ended"));
  await expect(waiting).rejects.toThrow("the thread ended");
  await expect(caller.call("never")).rejects.toThrow("the thread ended");
});
