import { FakeClock, settled } from "@rondo/testkit";
import { expect, test } from "vitest";
import { Appender } from "./appender.ts";
import { Cluster } from "./cluster.ts";
import { StateTopic } from "./state-topic.ts";
import { StubKafka } from "./stub-kafka.cases.ts";

const allowed = () => undefined;
const text = (value: Uint8Array | undefined) => (value === undefined ? undefined : Buffer.from(value).toString());

function setup() {
  const clock = new FakeClock();
  const kafka = new StubKafka(clock);
  kafka.topic("state");
  let seed = 0;
  /** As many processes as are asked for share the topic. */
  const open = (maxBatchBytes = 1 << 20) => {
    const cluster = new Cluster({ make: kafka.make, clock, bootstrap: kafka.bootstrap });
    const appender = new Appender({ cluster, clock, batchBytes: 4 << 20, queueBytes: 1 << 20 });
    const random = () => ++seed / 1000;
    return new StateTopic({ topic: "state", cluster, appender, random, maxBatchBytes }).store("s/", allowed);
  };
  return { clock, kafka, open };
}

test("what one process has put another gets, at once", async () => {
  const { open } = setup();
  const [one, two] = [open(), open()];
  await one.put([{ key: "a", value: Buffer.from("1") }]);
  expect(text(await two.get("a"))).toBe("1");
  await two.put([{ key: "a", value: null }]);
  expect(await one.get("a")).toBeUndefined();
  expect(await one.list("")).toEqual([]);
});

test("of processes that try at once all get the first one's value, also one that comes later", async () => {
  const { open } = setup();
  const stores = ["a", "b", "c"].map((name) => ({ name, store: open() }));
  const won = await Promise.all(stores.map(({ name, store }) => store.putFirst("k", Buffer.from(name))));
  expect(new Set(won.map(text)).size).toBe(1);
  const late = open();
  expect(text(await late.putFirst("k", Buffer.from("d")))).toBe(text(won[0]));
  expect(await late.list("")).toHaveLength(1);
});

// A reading under way may have seen the end before the question was asked.
test("a question is answered from what was there when it was asked, however many ask", async () => {
  const { kafka, open } = setup();
  const [one, two] = [open(), open()];
  await one.get("a");
  let early: Promise<unknown> | undefined;
  kafka.before = (name) => {
    if (name === "Fetch" && early === undefined) early = two.put([{ key: "a", value: Buffer.from("1") }]);
  };
  const first = one.get("a");
  await settled();
  await early;
  const rest = await Promise.all([one.get("a"), one.get("a"), one.get("a")]);
  expect(rest.map(text)).toEqual(["1", "1", "1"]);
  await first;
});

test("a put that is too large for one batch takes several, in order", async () => {
  const { kafka, open } = setup();
  const store = open(200);
  const writes = ["a", "b", "c", "a"].map((key, at) => ({ key, value: Buffer.alloc(100, String(at)) }));
  await store.put(writes);
  expect(kafka.log("state").high).toBe(4);
  expect(text(await open().get("a"))).toBe("3".repeat(100));
});

test("a topic that was made anew is read anew", async () => {
  const { kafka, open } = setup();
  const [store, other] = [open(), open()];
  await store.put(["a", "b"].map((key) => ({ key, value: Buffer.from(key) })));
  await store.get("a");
  kafka.topic("state");
  await other.put([{ key: "c", value: Buffer.from("c") }]);
  expect((await store.list("")).map(([key]) => key)).toEqual(["c"]);
});

test("keys that cannot be are refused before anything is written", async () => {
  const { kafka, open } = setup();
  await expect(
    open().put([
      { key: "a", value: null },
      { key: "", value: null },
    ]),
  ).rejects.toThrow(/0 B; 1 to 512/);
  await expect(open().putFirst("k".repeat(513), Buffer.of())).rejects.toThrow(/513/);
  expect(kafka.log("state").high).toBe(0);
});
