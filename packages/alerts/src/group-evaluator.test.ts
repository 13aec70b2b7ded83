import { Fault } from "@rondo/core";
import { FakeClock } from "@rondo/testkit";
import { describe, expect, test } from "vitest";
import { evaluatorOptions, oneRule, type TestWindows, words } from "./alerts.cases.ts";
import { PATIENCE_MS } from "./fresh-windows.ts";
import { GroupEvaluator, type GroupOwner } from "./group-evaluator.ts";
import { decodeState, emptyState } from "./group-state.ts";
import type { RuleGroup } from "./rule-group.ts";

const MINUTE = 60_000;
const never = new AbortController().signal;

/** An owner that a test may weaken. */
class TestOwner implements GroupOwner {
  now: "held" | "unsure" | "lost" = "held";
  confirms = true;
  full = false;
  readonly writes: Uint8Array[] = [];
  standing() {
    return this.now;
  }
  async speaks() {
    return this.now !== "lost";
  }
  async confirm() {
    return this.confirms && this.now === "held";
  }
  async write(state: Uint8Array) {
    if (this.full) throw new Fault("unavailable", "no leader");
    this.writes.push(state);
  }
}

function rig(group: RuleGroup) {
  const clock = new FakeClock();
  const options = evaluatorOptions(group, clock);
  const owner = new TestOwner();
  const transitions: string[] = [];
  const evaluator = new GroupEvaluator(
    { ...options, onTransition: ({ from, to }) => void transitions.push(`${from} ${to}`) },
    owner,
    emptyState(group.rules),
  );
  const evaluate = async () => {
    const evaluated = evaluator.evaluate(clock.now(), clock.now() + PATIENCE_MS, never);
    // Long enough for the patience with windows that do not catch up.
    await clock.advance(PATIENCE_MS + 1_000);
    const outcome = await evaluated;
    await clock.advance(MINUTE - PATIENCE_MS - 1_000);
    return outcome;
  };
  const { told, windows } = options;
  const said = () => words(told.splice(0));
  return { clock, windows, owner, evaluator, transitions, evaluate, said, told };
}

const down = (windows: TestWindows, host: string) => windows.set({ __name__: "up", host }, 0);

/** Evaluates with the host down. */
async function evaluateDown({ windows, evaluate }: ReturnType<typeof rig>, host = "h") {
  down(windows, host);
  return evaluate();
}

describe("an alert", () => {
  test("is told when it fires, again after the resend delay, and once when it is over", async () => {
    const one = rig(oneRule("up == 0", "for: 1m"));
    const heard: (readonly string[])[] = [];
    for (let minute = 0; minute < 4; minute++) {
      await evaluateDown(one);
      heard.push(one.said());
    }
    await one.evaluate();
    heard.push(one.said());
    await one.evaluate();
    heard.push(one.said());
    // At 2 min exactly one resend delay has passed, which is not more.
    expect(heard).toEqual([[], ["firing{host=h}"], [], ["firing{host=h}"], ["resolved{host=h}"], []]);
    expect(one.transitions).toEqual(["inactive pending", "pending firing", "firing inactive"]);
  });

  test("whose end was told is told again for 15 minutes, and not after that", async () => {
    const one = rig(oneRule("up == 0"));
    await evaluateDown(one);
    for (let minute = 0; minute < 20; minute++) await one.evaluate();
    const ends = one.told.filter(({ resolved }) => resolved);
    expect(ends).toHaveLength(8);
    expect(new Set(ends.map(({ posted: { endsAt } }) => endsAt)).size).toBe(1);
    expect([...(one.evaluator.state.rules[0]?.alerts ?? [])]).toEqual([]);
  });

  test("is durable before anybody hears of it", async () => {
    const one = rig(oneRule("up == 0"));
    await evaluateDown(one);
    expect(one.owner.writes).toHaveLength(1);
    const state = decodeState("k", one.owner.writes[0] ?? new Uint8Array(), oneRule("up == 0").rules);
    expect([...(state.rules[0]?.alerts.values() ?? [])]).toMatchObject([
      { phase: "firing", lastSentAt: state.lastSlot },
    ]);
  });
});

test("rules are evaluated in their order, and one that fails leaves the others and its own alerts alone", async () => {
  const one = rig(oneRule("up * on () down > -1"));
  one.windows.set({ __name__: "up", host: "a" }, 1);
  one.windows.set({ __name__: "down", host: "a" }, 1);
  await one.evaluate();
  expect(one.said()).toEqual(["firing{}"]);
  one.windows.set({ __name__: "up", host: "a" }, 1);
  one.windows.set({ __name__: "up", host: "b" }, 1);
  one.windows.set({ __name__: "down", host: "a" }, 1);
  await one.evaluate();
  expect(one.said()).toEqual([]);
  const [rule] = one.evaluator.state.rules;
  expect(rule?.standing).toMatchObject({ health: "err", evaluations: 2, inputSeries: 3 });
  expect([...(rule?.alerts.values() ?? [])]).toMatchObject([{ phase: "firing" }]);
});

describe("while the windows cannot be trusted", () => {
  test.each<[string, Partial<TestWindows>, string]>([
    ["behind", { lagMs: 30_000 }, "the windows are 22 s behind"],
    ["refilled", { warming: true }, "the windows are being refilled"],
    ["away", { unavailable: true }, "the windows cannot be read: no answer from redis"],
  ])("because they are %s, nothing ends, nothing begins, and what fires is told on", async (_name, spoilt, reason) => {
    const one = rig(oneRule("up == 0 or absent(other)", "labels: {host: '{{ $labels.host }}'}"));
    for (let minute = 0; minute < 2; minute++) {
      one.windows.set({ __name__: "other" }, 1);
      await evaluateDown(one);
    }
    one.said();
    Object.assign(one.windows, spoilt);
    const heard: (readonly string[])[] = [];
    for (let minute = 0; minute < 4; minute++) {
      expect(await one.evaluate()).toBe("held");
      heard.push(one.said());
    }
    expect(heard.flat()).toEqual(["firing{host=h}", "firing{host=h}"]);
    expect(one.evaluator.state.rules[0]?.standing).toMatchObject({
      health: "unknown",
      lastError: reason,
      evaluations: 2,
    });
    expect(one.transitions).toEqual(["inactive firing"]);
  });

  test("an alert that held on meanwhile is the same alert afterwards, and one that did not is over then", async () => {
    const one = rig(oneRule("up == 0"));
    await evaluateDown(one);
    one.windows.warming = true;
    await one.evaluate();
    one.windows.warming = false;
    await evaluateDown(one);
    expect(one.transitions).toEqual(["inactive firing"]);
    one.windows.warming = true;
    await one.evaluate();
    one.windows.warming = false;
    await one.evaluate();
    expect(one.transitions).toEqual(["inactive firing", "firing inactive"]);
  });

  test("an end that was found is not believed when they are lost before it is told", async () => {
    const one = rig(oneRule("up == 0"));
    await evaluateDown(one);
    one.said();
    // Whole when the rules are evaluated, and flushed when the end is to be told.
    let asked = 0;
    one.windows.beforeRefresh = () => {
      one.windows.warming = ++asked > 1;
    };
    expect(await one.evaluate()).toBe("held");
    expect(one.said()).toEqual([]);
    expect(one.transitions).toEqual(["inactive firing"]);
  });
});

describe("an owner", () => {
  test("whose lease is lost says nothing, and writes nothing", async () => {
    const one = rig(oneRule("up == 0"));
    await evaluateDown(one);
    one.said();
    one.owner.now = "lost";
    expect(await one.evaluate()).toBe("lost");
    expect([one.said(), one.owner.writes.length, await one.evaluator.speaks()]).toEqual([[], 1, false]);
  });

  test("whose lease is lost between evaluation and end says nothing of the end", async () => {
    const one = rig(oneRule("up == 0"));
    await evaluateDown(one);
    one.said();
    one.owner.confirm = async () => {
      one.owner.now = "lost";
      return false;
    };
    expect(await one.evaluate()).toBe("lost");
    expect([one.said(), one.owner.writes.length, one.transitions]).toEqual([[], 1, ["inactive firing"]]);
  });

  test("that cannot be sure of its lease holds the alerts, and tells those that fire", async () => {
    const one = rig(oneRule("up == 0"));
    await evaluateDown(one);
    one.said();
    one.owner.now = "unsure";
    await one.evaluate();
    expect(await one.evaluate()).toBe("held");
    expect(one.said()).toEqual(["firing{host=h}"]);
    one.owner.now = "held";
    one.owner.confirms = false;
    expect(await one.evaluate()).toBe("held");
    expect(one.said()).toEqual([]);
    expect(one.evaluator.state.rules[0]?.standing.lastError).toBe("the lease cannot be confirmed");
  });

  test("that cannot write its state tells nothing new, and tells what fires", async () => {
    const one = rig(oneRule("up == 0"));
    await evaluateDown(one, "a");
    await evaluateDown(one, "a");
    one.said();
    one.owner.full = true;
    down(one.windows, "b");
    expect(await evaluateDown(one, "a")).toBe("held");
    expect(one.said()).toEqual(["firing{host=a}"]);
    one.owner.full = false;
    down(one.windows, "b");
    await evaluateDown(one, "a");
    expect(one.said()).toEqual(["firing{host=b}"]);
  });

  test("writes nothing when nothing has changed, but figures now and then", async () => {
    const one = rig(oneRule("up == 0"));
    for (let slot = 0; slot < 30; slot++) {
      one.windows.set({ __name__: "up", host: "h" }, 1);
      await one.evaluator.evaluate(one.clock.now(), one.clock.now() + PATIENCE_MS, never);
      await one.clock.advance(1_000);
    }
    expect(one.owner.writes).toHaveLength(2);
    expect(one.evaluator.state.rules[0]?.standing).toMatchObject({ evaluations: 30, inputSeries: 1, health: "ok" });
  });

  test("is asked again before an end goes out, and so are the windows", async () => {
    const one = rig(oneRule("up == 0"));
    await evaluateDown(one);
    expect(await one.evaluator.confirmsResolved()).toBe(true);
    one.windows.warming = true;
    expect(await one.evaluator.confirmsResolved()).toBe(false);
    one.windows.warming = false;
    one.owner.confirms = false;
    expect(await one.evaluator.confirmsResolved()).toBe(false);
  });
});

test("a query offset asks for the past, and tells the present", async () => {
  const one = rig(oneRule("up == 0", "", "query_offset: 30s,"));
  down(one.windows, "h");
  await one.clock.advance(30_000);
  one.windows.set({ __name__: "up", host: "h" }, 1);
  // Windows that reach as far as the offset are whole enough.
  one.windows.lagMs = 30_000;
  const slot = one.clock.now();
  expect(await one.evaluator.evaluate(slot, slot + PATIENCE_MS, never)).toBe("done");
  expect(one.told.map(({ posted: { startsAt } }) => startsAt)).toEqual([new Date(slot).toISOString()]);
});
