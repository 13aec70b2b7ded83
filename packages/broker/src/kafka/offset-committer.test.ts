import { Fault } from "@rondo/core";
import { expect, test } from "vitest";
import { OffsetCommitter } from "./offset-committer.ts";

const allowed = () => undefined;

/** A coordinator that answers when told to. */
function coordinator() {
  const sent: Record<number, number>[] = [];
  const answers: ((fault?: Fault) => void)[] = [];
  const send = (offsets: ReadonlyMap<number, number>) => {
    sent.push(Object.fromEntries(offsets));
    return new Promise<void>((resolve, reject) => answers.push((fault) => (fault ? reject(fault) : resolve())));
  };
  const answer = async (fault?: Fault) => {
    await expect.poll(() => answers.length).toBeGreaterThan(0);
    answers.shift()?.(fault);
  };
  return { sent, send, answer };
}

test("commits of one turn share a request; those that come meanwhile share the next", async () => {
  const { sent, send, answer } = coordinator();
  const committer = new OffsetCommitter(send);
  const first = [committer.commit(0, 5, allowed), committer.commit(1, 7, allowed), committer.commit(0, 6, allowed)];
  await expect.poll(() => sent).toEqual([{ 0: 6, 1: 7 }]);
  const second = [committer.commit(0, 8, allowed), committer.commit(1, 9, allowed)];
  await answer();
  await Promise.all(first);
  expect(sent).toEqual([
    { 0: 6, 1: 7 },
    { 0: 8, 1: 9 },
  ]);
  await answer();
  await Promise.all(second);
});

test("an earlier offset is never sent after a later one, unless that one failed", async () => {
  const { sent, send, answer } = coordinator();
  const committer = new OffsetCommitter(send);
  committer.begin(0, 3);
  await committer.commit(0, 3, allowed);
  expect(sent).toEqual([]);
  const late = committer.commit(0, 9, allowed);
  const early = committer.commit(0, 5, allowed);
  await answer(new Fault("unavailable", "gone"));
  await expect(late).rejects.toThrow("gone");
  await expect(early).rejects.toThrow("gone");
  const again = committer.commit(0, 5, allowed);
  await answer();
  await again;
  expect(sent).toEqual([{ 0: 9 }, { 0: 5 }]);
  // A new claim may begin earlier: the group's commits were taken back by hand.
  committer.begin(0, undefined);
  const anew = committer.commit(0, 1, allowed);
  await answer();
  await anew;
  expect(sent.at(-1)).toEqual({ 0: 1 });
});

test("a commit whose claim was lost while it waited is not sent", async () => {
  const { sent, send, answer } = coordinator();
  const committer = new OffsetCommitter(send);
  const first = committer.commit(0, 1, allowed);
  await expect.poll(() => sent.length).toBe(1);
  const lost = committer.commit(1, 1, () => {
    throw new Fault("aborted", "taken away");
  });
  await answer();
  await first;
  await expect(lost).rejects.toMatchObject({ code: "aborted" });
  expect(sent).toEqual([{ 0: 1 }]);
});
