import { expect, test } from "vitest";
import { makeClaim } from "./claim.ts";
import { type JournalRig, journalRig, recordOf } from "./journal.cases.ts";
import type { Journal } from "./journal.ts";

const unused = () => Promise.reject(new Error("not used here"));

async function rig(): Promise<{ journal: Journal; stop: AbortController; claim: ReturnType<typeof makeClaim> }> {
  const made: JournalRig = await journalRig();
  const journal = await made.open();
  const stop = new AbortController();
  const claim = makeClaim({
    group: "g",
    topic: "t",
    partition: 0,
    generation: 1,
    start: { registered: 0 },
    revoked: stop.signal,
    stream: 0,
    journal,
    onLoss: () => undefined,
    append: unused,
    commit: unused,
  });
  return { journal, stop, claim };
}

test("a read waits for the next record and leaves nothing behind when it is done", async () => {
  const { journal, stop, claim } = await rig();
  const read = claim.read(100);
  await journal.append(0, [recordOf("a")]);
  expect(await read).toMatchObject([{ offset: 0 }]);
  const last = claim.read(100);
  stop.abort();
  expect(await last).toEqual([]);
  expect(await claim.read(100)).toEqual([]);
  await journal.close();
});

test("a seek while the disk is read is obeyed", async () => {
  const { journal, claim } = await rig();
  for (const one of ["a", "b", "c"]) await journal.append(0, [recordOf(one)]);
  const read = claim.read(1);
  claim.seek(2);
  expect(await read).toMatchObject([{ offset: 2 }]);
  await journal.close();
});

test("append and commit are fenced by the lease", async () => {
  const { journal, stop, claim } = await rig();
  stop.abort();
  await expect(claim.append("t", 0, [])).rejects.toMatchObject({ code: "aborted" });
  await expect(claim.commit(1, [])).rejects.toMatchObject({ code: "aborted" });
  await journal.close();
});
