/** Large bodies, on their way through the thread: they are what small ones are, and the gateway does everything else meanwhile. */
import { type ClientRequest, request as httpRequest } from "node:http";
import { systemClock } from "@rondo/core";
import { concatRequests, decodeResponse, decodeStatus } from "@rondo/otlp";
import { REQUEST_TYPES } from "@rondo/otlp/codec";
import { expect, test } from "vitest";
import { exportLogs } from "./clients.cases.ts";
import { JSON_TYPE, send } from "./http-client.cases.ts";
import { DEADLINE_MS } from "./intake.ts";
import { durableBodies, durableNames, request, rig } from "./rig.cases.ts";

/** One record in a body of the largest size, which is spelled so that reading it takes long. */
const SLOW = (() => {
  const [head, key, tail] = ['{"resourceLogs":[{"scopeLogs":[{"logRecords":[{', '"\\u0061":1,', '"a":1}]}]}]}'];
  const keys = Math.floor(((20 << 20) - head.length - tail.length) / key.length);
  return Buffer.from(head + key.repeat(keys) + tail);
})();

/** A log whose trace id is too short. */
function flawedLog(): Uint8Array {
  const logRecords = [{ traceId: new Uint8Array(3).fill(1) }];
  return REQUEST_TYPES.logs.encode({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] }).finish();
}

interface Sent {
  readonly out: ClientRequest;
  readonly status: Promise<number>;
}

/** Sends the slow body, and waits until it is being converted. */
async function sendSlow(port: number): Promise<Sent> {
  const out = httpRequest({ host: "127.0.0.1", port, path: "/v1/logs", method: "POST", headers: JSON_TYPE });
  const status = new Promise<number>((resolve) => {
    out.on("response", (response) => resolve(response.resume().statusCode ?? 0));
    out.on("error", () => resolve(0));
  });
  out.end(SLOW);
  // The port of the thread, which holds the process only while something is expected of it.
  await expect.poll(() => process.getActiveResourcesInfo()).toContain("MessagePort");
  return { out, status };
}

test("others are answered while a large body is converted", async () => {
  await using it = await rig();
  const { status } = await sendSlow(it.http);
  let answered = false;
  void status.then(() => {
    answered = true;
  });
  for (const name of ["a", "b", "c"]) {
    expect((await send(it.http, "/v1/logs", request("logs", [name]))).status).toBe(200);
    expect(answered).toBe(false);
  }
  expect(await status).toBe(200);
  expect(durableBodies(it.broker, "logs")).toHaveLength(4);
});

test("a large body that is wrong is told where, in JSON", async () => {
  await using it = await rig();
  const body = Buffer.concat([SLOW.subarray(0, 1 << 20), Buffer.from("}")]);
  const reply = await send(it.http, "/v1/logs", body, JSON_TYPE);
  expect(reply).toMatchObject({ status: 400, headers: { "content-type": "application/json" } });
  expect(reply.body.toString()).toMatch(/resourceLogs\[0\]\.scopeLogs\[0\]\.logRecords\[0\]: .* at byte 10485/);
  await expect.poll(() => it.gateway.admission.inUse).toBe(0);
});

test("a client that goes while its body is converted has sent it, and leaves nothing behind", async () => {
  await using it = await rig();
  const { out, status } = await sendSlow(it.http);
  out.destroy();
  expect(await status).toBe(0);
  await expect.poll(() => durableBodies(it.broker, "logs")).toHaveLength(1);
  await expect.poll(() => it.gateway.admission.inUse).toBe(0);
  expect((await send(it.http, "/v1/logs", request("logs", ["next"]))).status).toBe(200);
});

test("the time that a body is converted in is a part of its deadline", async () => {
  let passed = 0;
  await using it = await rig({ clock: { ...systemClock, monotonic: () => systemClock.monotonic() + passed } });
  const held = Promise.withResolvers<void>();
  it.broker.beforeAppend = () => held.promise;
  const { status } = await sendSlow(it.http);
  passed = DEADLINE_MS - 200;
  expect(await status).toBe(503);
  held.resolve();
}, 5_000);

test("a drain waits for a body that is converted", async () => {
  await using it = await rig();
  const { status } = await sendSlow(it.http);
  expect(await it.gateway.drain(20_000)).toBe(0);
  expect(durableBodies(it.broker, "logs")).toHaveLength(1);
  expect(await status).toBe(200);
});

test("a gateway that is closed answers nobody, and ends", async () => {
  const it = await rig();
  const { status } = await sendSlow(it.http);
  expect(await it.gateway.drain(0)).toBe(1);
  await it.gateway.close();
  expect(await status).toBe(0);
  expect(durableNames(it.broker, "logs")).toEqual([]);
});

/** Items of 100 kB each, of several services. */
const LARGE = concatRequests(
  ["a", "b", "c"].map((service) =>
    request(
      "logs",
      Array.from({ length: 9 }, (_, i) => `${service}${i} `.repeat(33_000)),
      service,
    ),
  ),
);

test.each(["http", "grpc"] as const)("a large request is cut as a small one is: %s", async (protocol) => {
  await using it = await rig({ partitions: 4 });
  const body = Buffer.from(concatRequests([LARGE, request("logs", ["z".repeat(1 << 20)]), flawedLog()]));
  if (protocol === "http") {
    const { status, body: answer } = await send(it.http, "/v1/logs", body);
    expect([status, decodeResponse(answer)]).toMatchObject([200, { rejected: 2 }]);
  } else {
    expect(await exportLogs(it.grpc, body)).toMatchObject({ status: 0 });
  }
  const names = durableNames(it.broker, "logs").map((name) => name.slice(0, 2));
  expect(names.toSorted()).toEqual(
    ["a", "b", "c"].flatMap((service) => Array.from({ length: 9 }, (_, i) => service + i)),
  );
  expect(it.gateway.totals()).toMatchObject([{ accepted: 27, refused: 2 }]);
  expect(it.gateway.admission.inUse).toBe(0);
});

test("a large request that is broken is told where", async () => {
  await using it = await rig();
  const reply = await send(it.http, "/v1/logs", LARGE.subarray(0, -1));
  expect(reply.status).toBe(400);
  expect(decodeStatus(reply.body).message).toMatch(/^resourceLogs: length .* at byte 17\d{5}$/);
  await expect.poll(() => it.gateway.admission.inUse).toBe(0);
});
