import { type Fault, type Log, silentLog } from "@rondo/core";
import { FakeClock, settled } from "@rondo/testkit";
import { describe, expect, test } from "vitest";
import type { Loss } from "../loss.ts";
import { Appender } from "./appender.ts";
import { Cluster } from "./cluster.ts";
import type { Compression } from "./codecs/table.ts";
import { Feed } from "./feed.ts";
import { Fetcher } from "./fetcher.ts";
import { StubKafka } from "./stub-kafka.cases.ts";

function setup(brokers = 1, compression: Compression = "none") {
  const clock = new FakeClock();
  const kafka = new StubKafka(clock, brokers);
  kafka.topic("t", 3);
  const cluster = new Cluster({ make: kafka.make, clock, bootstrap: kafka.bootstrap });
  const appender = new Appender({ cluster, clock, batchBytes: 4 << 20, queueBytes: 1 << 20, compression });
  const lines: string[] = [];
  const say = (message: string) => lines.push(message);
  const log: Log = { ...silentLog, info: say, warn: say, error: say };
  const broken: Fault[] = [];
  const losses: Loss[] = [];
  const unreadable: string[] = [];
  const fetcher = new Fetcher({
    ...{ group: "g", cluster, clock, log },
    onLoss: (loss) => losses.push(loss),
    onUnreadable: (topic) => unreadable.push(topic),
    onBroken: (_, fault) => broken.push(fault),
  });
  const open = (partition: number, offset = 0) => {
    const feed = new Feed("t", partition, offset, (one) => fetcher.hungry(one));
    fetcher.add(feed);
    return feed;
  };
  const write = (partition: number, ...texts: readonly string[]) =>
    appender.append(
      "t",
      partition,
      texts.map((text) => ({ key: null, headers: {}, value: Buffer.from(text) })),
      () => undefined,
    );
  const fetches = () => kafka.requests.filter((one) => one.startsWith("Fetch")).length;
  return { clock, kafka, lines, losses, unreadable, broken, fetcher, open, write, fetches };
}

const take = async (feed: Feed, bytes = 1000) =>
  (await feed.take(bytes)).map(({ value }) => Buffer.from(value).toString());

test("feeds of one leader share a request that waits, and the first record wakes it", async () => {
  const { open, write, fetches } = setup();
  const [one, two] = [open(0), open(1)];
  const reads = [take(one), take(two)];
  await settled();
  expect(fetches()).toBe(1);
  await write(1, "a");
  expect(await reads[1]).toEqual(["a"]);
});

test("under load one request serves what has come meanwhile, for every feed", async () => {
  const { clock, open, write, fetches } = setup();
  const seen: string[] = [];
  for (const feed of [open(0), open(1), open(2)]) {
    void (async () => {
      for (;;) seen.push(...(await take(feed)));
    })();
  }
  await settled();
  const before = fetches();
  for (let number = 0; number < 100; number++) {
    await write(number % 3, String(number));
    await clock.advance(1);
  }
  await clock.advance(10);
  expect(seen.map(Number).toSorted((one, other) => one - other)).toEqual(Array.from({ length: 100 }, (_, n) => n));
  // A hundred milliseconds: one in five of them, none beside it.
  expect(fetches() - before).toBeLessThanOrEqual(25);
});

test("nothing is asked for without a reader, and little while there is nothing", async () => {
  const { clock, open, fetches } = setup();
  const feed = open(0);
  await clock.advance(1_000);
  expect(fetches()).toBe(0);
  void take(feed);
  await clock.advance(1_000);
  expect(fetches()).toBeLessThanOrEqual(5);
});

describe("while a request waits", () => {
  // Without this, a partition under load would wait for the idle ones, up to 250 ms a time.
  test("a feed that becomes hungry is served at once, and joins the next request that waits", async () => {
    const { clock, open, write, fetches } = setup();
    void take(open(0));
    await settled();
    await write(1, "a", "b");
    const late = open(1);
    expect(await take(late)).toEqual(["a", "b"]);
    expect(clock.monotonic()).toBe(0);
    const next = take(late);
    await clock.advance(20);
    await write(1, "c");
    await clock.advance(40);
    expect(await next).toEqual(["c"]);
    void take(late);
    await clock.advance(250);
    const before = fetches();
    await clock.advance(1_000);
    // Both in one request now: one each 250 ms.
    expect(fetches() - before).toBeLessThanOrEqual(5);
  });

  test("a seek takes effect at once", async () => {
    const { clock, open, write } = setup();
    await write(0, "a", "b", "c");
    const feed = open(0, 3);
    const reading = take(feed);
    await settled();
    feed.seek(1);
    await settled();
    expect(await reading).toEqual(["b", "c"]);
    expect(clock.monotonic()).toBe(0);
  });
});

describe("trouble", () => {
  test("is told once, and once that it is over", async () => {
    const { clock, kafka, lines, open, write } = setup();
    await write(0, "a");
    kafka.mishaps["Fetch"] = ["broken", "broken", 6, 14];
    const reading = take(open(0));
    await clock.advance(1_000);
    expect(await reading).toEqual(["a"]);
    expect(lines).toEqual([
      "records cannot be fetched just now; trying again until they can",
      "records are fetched again",
    ]);
  });

  // A member that loses its partitions in an outage removes its feeds, and nothing is fetched again by that.
  test("is not over because a feed was removed", async () => {
    const { clock, kafka, lines, fetcher, open, write } = setup();
    await write(0, "a");
    kafka.mishaps["Fetch"] = ["broken"];
    const feed = open(0);
    void take(feed);
    await clock.advance(50);
    fetcher.remove(feed);
    expect(lines).toEqual(["records cannot be fetched just now; trying again until they can"]);
    expect(await take(open(0))).toEqual(["a"]);
    expect(lines.slice(1)).toEqual(["records are fetched again"]);
  });

  test("of one leader holds up no other", async () => {
    const { clock, kafka, open, write } = setup(2);
    await write(0, "a");
    await write(1, "b");
    kafka.down.add(9001);
    void take(open(0));
    const other = take(open(1));
    await clock.advance(50);
    expect(await other).toEqual(["b"]);
  });

  test("a feed goes on where retention has left something, and says what it lost", async () => {
    const { kafka, lines, losses, open, write } = setup();
    await write(0, "a");
    await write(0, "b");
    kafka.log("t").batches.shift();
    kafka.log("t").low = 1;
    expect(await take(open(0))).toEqual(["b"]);
    expect(lines).toEqual([
      "group g wants offset 0 of t/0, which retention has removed; going on at 1, 1 records later",
    ]);
    expect(losses).toEqual([{ group: "g", topic: "t", partition: 0, from: 0, to: 1 }]);
  });

  test("a feed beyond the end waits for it, and says so once", async () => {
    const { clock, lines, open, write } = setup();
    await write(0, "a");
    const reading = take(open(0, 3));
    await clock.advance(5_000);
    expect(lines).toEqual(["group g waits for offset 3 of t/0, which ends at 1"]);
    await write(0, "b", "c", "d");
    await clock.advance(2_000);
    expect(await reading).toEqual(["d"]);
  });

  // One bad batch must not be the end of its partition, nor go by unseen.
  test("a batch that cannot be read is handed on as a record that says so, and what is behind it follows", async () => {
    const { clock, kafka, lines, unreadable, broken, open, write } = setup();
    await write(0, "a");
    await write(0, "b");
    kafka.log("t").batches[0]?.bytes.writeInt8(1, 16);
    const [bad, good] = await open(0).take(1_000);
    expect(bad).toMatchObject({ offset: 0, timestamp: clock.now(), headers: {}, fault: { code: "unsupported" } });
    expect(good).toMatchObject({ offset: 1, value: Buffer.from("b") });
    expect([lines, unreadable, broken]).toEqual([["a batch cannot be read; going on behind it"], ["t"], []]);
  });

  // A memory or a wire may have done it, and not the disk of the broker.
  test("a damaged batch is asked for three times, since what comes may be whole", async () => {
    const { clock, kafka, unreadable, open, write } = setup();
    const flipped = (partition: number) => {
      const { bytes } = kafka.log("t", partition).batches[0] ?? { bytes: Buffer.alloc(99) };
      bytes.writeInt8(bytes.readInt8(66) ^ 1, 66);
    };
    await write(0, "a");
    await write(1, "b");
    flipped(0);
    flipped(1);
    const [first, second] = [open(0).take(1_000), open(1).take(1_000)];
    await clock.advance(120);
    flipped(0);
    await clock.advance(1_000);
    expect(await first).toMatchObject([{ offset: 0, value: Buffer.from("a") }]);
    expect(await second).toMatchObject([{ offset: 0, fault: { code: "corrupt" } }]);
    expect(unreadable).toEqual(["t"]);
  });

  test("no more is asked for than will be about as much once it is inflated", async () => {
    const { clock, open, write, kafka } = setup(1, "zstd");
    await write(0, "a".repeat(100_000));
    await write(0, "b".repeat(100_000));
    const feed = open(0);
    await feed.take(1_000);
    void feed.take(1_000_000);
    await clock.advance(100);
    expect(kafka.wanted.at(-1)?.maxBytes).toBeLessThan(50_000);
  });
});

test("a feed that was removed is not asked for, and close leaves no timer", async () => {
  const { clock, fetcher, open, fetches } = setup();
  const feed = open(0);
  void take(feed);
  await settled();
  fetcher.remove(feed);
  feed.close();
  await clock.advance(1_000);
  expect(fetches()).toBe(1);
  await fetcher.close();
  expect(clock.pending).toBe(0);
});
