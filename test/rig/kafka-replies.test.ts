import { expect, test } from "vitest";
import { KafkaReplies } from "./kafka-replies.ts";

const frame = (...parts: readonly Buffer[]) => {
  const body = Buffer.concat(parts);
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
};
const int32 = (value: number) => Buffer.from([value >>> 24, value >>> 16, value >>> 8, value]);
const request = (api: number, id: number) => frame(Buffer.from([0, api, 0, 3]), int32(id), Buffer.from("asked"));
const reply = (id: number) => frame(int32(id), Buffer.from(`answer ${id}`));

test("loses each n-th answer of a kind and no other, however the bytes are cut", () => {
  for (const size of [1, 3, 7, 1_000]) {
    const replies = new KafkaReplies();
    const watch = replies.watch();
    replies.lose({ api: "produce", every: 2, reset: false });
    const pieces = (bytes: Buffer) =>
      Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
    const asked = [request(0, 1), request(8, 2), request(0, 3), request(1, 4), request(0, 5)];
    for (const piece of pieces(Buffer.concat(asked))) watch.request(piece, 9);
    const got = pieces(Buffer.concat([1, 2, 3, 4, 5].map(reply))).map((piece) => watch.reply(piece, 9));
    expect(Buffer.concat(got.map((one) => one ?? Buffer.alloc(0))).toString("latin1")).toBe(
      Buffer.concat([1, 2, 4, 5].map(reply)).toString("latin1"),
    );
    expect(replies.lost).toBe(1);
  }
});

test("resets the connection that it takes an answer from, and spares those that are not meant", () => {
  const replies = new KafkaReplies();
  replies.lose({ api: "commit", every: 1, reset: true, only: (port) => port === 9 });
  const [meant, spared] = [replies.watch(), replies.watch()];
  meant.request(request(8, 1), 9);
  spared.request(request(8, 1), 8);
  expect(spared.reply(reply(1), 8)).toEqual(reply(1));
  expect(meant.reply(reply(1), 9)).toBeUndefined();
  replies.lose();
  const other = replies.watch();
  other.request(request(8, 2), 9);
  expect(other.reply(reply(2), 9)).toEqual(reply(2));
});
