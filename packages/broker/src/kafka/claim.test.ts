import { Fault } from "@rondo/core";
import { expect, test } from "vitest";
import { makeClaim } from "./claim.ts";
import { Feed } from "./feed.ts";

function setup() {
  const stop = new AbortController();
  const done: string[] = [];
  let isMine = true;
  const check = () => {
    if (!isMine) throw new Fault("aborted", "taken away");
  };
  const feed = new Feed("t", 3, 10, () => undefined);
  const claim = makeClaim({
    topic: "t",
    partition: 3,
    generation: 7,
    start: { registered: 10 },
    revoked: stop.signal,
    lost: new AbortController().signal,
    feed,
    check,
    writer: {
      async append(topic, partition, records, allowed) {
        allowed();
        done.push(`append ${topic}/${partition} ${records.length}`);
        return { baseOffset: 0, timestamp: 0 };
      },
      async putState(writes, allowed) {
        allowed();
        done.push(`state ${writes.length}`);
      },
    },
    async commitOffset(offset, allowed) {
      allowed();
      done.push(`commit ${offset}`);
    },
  });
  return { stop, done, claim, feed, lose: () => (isMine = false) };
}

// Whoever takes over reads the state first: with a commit that is ahead of it, it would count from too early.
test("state is durable before the commit that it is true for", async () => {
  const { claim, done } = setup();
  await claim.commit(11, [{ key: "k", value: null }]);
  await claim.commit(12, []);
  expect(done).toEqual(["state 1", "commit 11", "commit 12"]);
});

test("a claim that is being given up reads nothing more, and still writes down what it has done", async () => {
  const { stop, claim, done } = setup();
  stop.abort();
  expect(await claim.read(100)).toEqual([]);
  await claim.append("to", 3, [{ headers: {}, value: Buffer.of() }]);
  await claim.commit(11, []);
  expect(done).toEqual(["append to/3 1", "commit 11"]);
});

test("a claim that was lost writes nothing", async () => {
  const { claim, done, lose } = setup();
  lose();
  await expect(claim.append("to", 3, [])).rejects.toMatchObject({ code: "aborted" });
  await expect(claim.commit(11, [{ key: "k", value: null }])).rejects.toMatchObject({ code: "aborted" });
  expect(done).toEqual([]);
});

test("reads from where it seeks", async () => {
  const { claim, feed } = setup();
  claim.seek(20);
  const reading = claim.read(100);
  expect(feed.want()).toMatchObject({ offset: 20 });
  feed.feed([{ offset: 20, timestamp: 0, headers: {}, value: Buffer.of() }], 21);
  expect(await reading).toMatchObject([{ offset: 20 }]);
});
