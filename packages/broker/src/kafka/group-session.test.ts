import { silentLog } from "@rondo/core";
import { FakeClock, settled } from "@rondo/testkit";
import { expect, test } from "vitest";
import type { Cluster } from "./cluster.ts";
import { writeAssignment } from "./group-protocol.ts";
import { GroupSession } from "./group-session.ts";

const kafkaError = (code: number) => Object.assign(new Error(String(code)), { code });
const REBALANCE_IN_PROGRESS = 27;
const UNKNOWN_MEMBER_ID = 25;
const ILLEGAL_GENERATION = 22;

/** A member that has joined a group of its own and holds partition 0. Any further join never ends. */
async function joinedOnce() {
  const clock = new FakeClock();
  let answer: number | undefined;
  let joins = 0;
  const joined = { generationId: 1, leaderId: "m", memberId: "m", members: [] };
  const node = {
    joinGroup: async () => (joins++ === 0 ? joined : await new Promise(() => undefined)),
    syncGroup: async () => ({ memberAssignment: writeAssignment("t", { partitions: [0], moving: false }) }),
    heartbeat: async () => {
      if (answer !== undefined) throw kafkaError(answer);
    },
  };
  // A session asks a cluster for no more than this.
  const cluster = {
    pool: () => ({ close: async () => undefined }),
    coordinator: async () => ({ host: "k", port: 1 }),
    with: (_: unknown, __: unknown, use: (one: object) => unknown) => use(node),
  } as unknown as Cluster;
  const seen = { lost: 0 };
  const session = new GroupSession({
    ...{ spec: { group: "g", topic: "t" }, partitions: 1, cluster, clock, log: silentLog },
    ...{ sessionMs: 6_000, heartbeatMs: 500, rebalanceMs: 6_000 },
    owned: () => [0],
    assigned: () => undefined,
    lost: () => void seen.lost++,
  });
  void session.run(new AbortController().signal);
  await settled();
  const answers = (code: number) => {
    answer = code;
  };
  return { clock, session, seen, answers, joins: () => joins };
}

/** The same, asked to join again. */
async function rejoining() {
  const member = await joinedOnce();
  const { clock, session, seen, answers, joins } = member;
  answers(REBALANCE_IN_PROGRESS);
  await clock.advance(1_000);
  expect([joins(), session.lease.isValid, seen.lost]).toEqual([2, true, 0]);
  return member;
}

test("a member keeps its lease while it joins again, for as long as the group goes on hearing it", async () => {
  const { clock, session, seen } = await rejoining();
  await clock.advance(5_900);
  expect([session.lease.isValid, seen.lost]).toEqual([true, 0]);
});

// The group's leader has given its partitions away by then: every write would be a second owner's.
test("a member that was thrown out while its join is under way writes nothing more, and keeps no commit waiting", async () => {
  const { clock, session, seen, answers } = await rejoining();
  let isSettled = false;
  void session.settled.then(() => {
    isSettled = true;
  });
  answers(UNKNOWN_MEMBER_ID);
  await clock.advance(500);
  expect([session.lease.isValid, seen.lost, isSettled]).toEqual([false, 1, true]);
});

// A commit that was on its way when the group went on to a generation of which the member's join had not yet told it. To take it for
// the end of the claim left the partition with a reader that had ended, and its last commit unwritten, until the next rebalance.
test("a commit that meets a newer generation during a join is to be sent again, and ends no claim", async () => {
  const { session, seen } = await rejoining();
  expect(session.refused(1, kafkaError(ILLEGAL_GENERATION))).toMatchObject({ code: "unavailable" });
  expect([session.lease.isValid, seen.lost]).toEqual([true, 0]);
});

test.each([
  ["ILLEGAL_GENERATION", ILLEGAL_GENERATION],
  ["UNKNOWN_MEMBER_ID", UNKNOWN_MEMBER_ID],
])(
  "a commit refused with %s while no join is under way ends every claim, and the group is joined again",
  async (_name, code) => {
    const { clock, session, seen, joins } = await joinedOnce();
    const refusal = kafkaError(code);
    expect(session.refused(1, refusal)).toBe(refusal);
    expect([session.lease.isValid, seen.lost]).toEqual([false, 1]);
    await clock.advance(500);
    expect(joins()).toBe(2);
  },
);
