/** Large JSON over HTTP: while one body is converted the gateway does everything else. */
import { type ClientRequest, request as httpRequest } from "node:http";
import { expect, test } from "vitest";
import { JSON_TYPE, send } from "./http-client.cases.ts";
import { durableBodies, durableNames, request, rig } from "./rig.cases.ts";

/** One record in a body of the largest size, which is spelled so that reading it takes long. */
const SLOW = (() => {
  const [head, key, tail] = ['{"resourceLogs":[{"scopeLogs":[{"logRecords":[{', '"\\u0061":1,', '"a":1}]}]}]}'];
  const keys = Math.floor(((20 << 20) - head.length - tail.length) / key.length);
  return Buffer.from(head + key.repeat(keys) + tail);
})();

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
