import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { expect, test } from "vitest";
import { JSON_TYPE, send } from "./http-client.cases.ts";
import type { Order, Standing } from "./idle-clients.cases.ts";
import { MAX_CONNECTIONS } from "./listener.ts";
import { rig } from "./rig.cases.ts";

const HEAD = "POST /v1/logs HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n";
const files = Number(execFileSync("/bin/sh", ["-c", "ulimit -Hn"]).toString());
/** What a machine must let a process open, beside the connections. */
const SPARE = 500;

/** A process of clients, and how they stand. */
function clients(order: Order) {
  const child: ChildProcess = fork(new URL("./idle-clients.cases.ts", import.meta.url));
  let standing: Standing = { open: 0, closed: 0, served: 0 };
  child.on("message", (said: Standing) => {
    standing = said;
  });
  child.send(order);
  return { now: () => standing, [Symbol.dispose]: () => child.disconnect() };
}

const WAIT = { timeout: 60_000, interval: 100 };

test.skipIf(files < MAX_CONNECTIONS + SPARE)(
  "10,000 idle connections keep nobody out for longer than idle_timeout, and cost little memory",
  async () => {
    await using it = await rig({ http: { idle_timeout: "20s" } });
    const before = process.memoryUsage.rss();
    const bytes = `${HEAD}\r\n{}`;
    using idle = clients({ port: it.http, connections: MAX_CONNECTIONS, bytes });
    await expect.poll(() => idle.now().served, WAIT).toBe(MAX_CONNECTIONS);
    expect((process.memoryUsage.rss() - before) / MAX_CONNECTIONS).toBeLessThan(40_000);
    // One more is closed at once, and is not waiting for ever.
    await expect(send(it.http, "/v1/logs", "{}", JSON_TYPE)).rejects.toThrow();
    await expect.poll(() => idle.now().closed, WAIT).toBeGreaterThan(0);
    await expect
      .poll(async () => (await send(it.http, "/v1/logs", "{}", JSON_TYPE).catch(() => undefined))?.status, WAIT)
      .toBe(200);
    await expect.poll(() => idle.now().open, WAIT).toBe(0);
  },
);

test.skipIf(files < MAX_CONNECTIONS / 2 + SPARE)(
  "5,000 clients that never finish their headers, or their bodies, are closed in time, and others are served meanwhile",
  async () => {
    await using it = await rig({ http: { read_header_timeout: "5s", read_timeout: "8s" } });
    const port = it.http;
    using headers = clients({ port, connections: MAX_CONNECTIONS / 4, bytes: HEAD });
    using bodies = clients({ port, connections: MAX_CONNECTIONS / 4, bytes: `${HEAD}\r\n{` });
    const tried: (number | undefined)[] = [];
    const closed = () => headers.now().closed + bodies.now().closed;
    while (closed() < MAX_CONNECTIONS / 2) tried.push((await send(port, "/v1/logs", "{}", JSON_TYPE)).status);
    expect(new Set(tried)).toEqual(new Set([200]));
    expect(headers.now().served + bodies.now().served).toBe(0);
    expect(it.gateway.admission.inUse).toBe(0);
  },
  100_000,
);
