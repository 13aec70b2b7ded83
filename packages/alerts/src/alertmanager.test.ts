import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Log, silentLog, systemClock } from "@rondo/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Alertmanager, NOTIFIER_LIMITS, type Notification, type SendOutcome } from "./alertmanager.ts";

interface Received {
  readonly path: string;
  readonly alerts: readonly { readonly labels: Readonly<Record<string, string>> }[];
}

let server: Server;
let port: number;
const received: Received[] = [];
/** What the next requests are answered with; `hang` never answers. */
let answer: { status: number; words?: string } | "hang" = { status: 200 };

beforeEach(async () => {
  received.length = 0;
  answer = { status: 200 };
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    received.push({ path: `${request.method} ${request.url}`, alerts: JSON.parse(Buffer.concat(chunks).toString()) });
    if (answer !== "hang") response.writeHead(answer.status).end(answer.words);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  // An address of a server that listens on a port.
  ({ port } = server.address() as AddressInfo);
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function start(url = `http://127.0.0.1:${port}/prefix`, timeoutMs = 10_000) {
  const counts: Record<SendOutcome, number> = { sent: 0, failed: 0, dropped: 0, withheld: 0 };
  const said: string[] = [];
  const log: Log = {
    ...silentLog,
    warn: (message) => void said.push(message),
    info: (message) => void said.push(message),
  };
  const alertmanager = new Alertmanager({
    settings: { url, timeoutMs },
    clock: systemClock,
    log,
    count: (outcome, alerts) => {
      counts[outcome] += alerts;
    },
  });
  return { alertmanager, counts, said };
}

const speaking = { speaks: async () => true, confirmsResolved: async () => true };

function notification(name: string, more: Partial<Notification> = {}): Notification {
  const posted = { labels: { alertname: name }, annotations: {}, startsAt: "", endsAt: "", generatorURL: "" };
  return { key: name, posted, resolved: false, standing: speaking, ...more };
}

const names = () => received.flatMap(({ alerts }) => alerts.map(({ labels }) => labels["alertname"]));
const never = () => new AbortController().signal;

test("posts alerts in order, to the API below the given address, in batches", async () => {
  const { alertmanager, counts } = start();
  const all = Array.from({ length: NOTIFIER_LIMITS.batch * 2 + 1 }, (_, index) => notification(`n${index}`));
  alertmanager.tell(all);
  await expect.poll(() => counts.sent).toBe(all.length);
  expect(received.map(({ path, alerts }) => [path, alerts.length])).toEqual([
    ["POST /prefix/api/v2/alerts", 256],
    ["POST /prefix/api/v2/alerts", 256],
    ["POST /prefix/api/v2/alerts", 1],
  ]);
  expect(names()).toEqual(all.map(({ key }) => key));
  await alertmanager.close(never());
});

test("what is newer about an episode takes the place of what waits", async () => {
  const { alertmanager, counts } = start();
  answer = "hang";
  alertmanager.tell([notification("first")]);
  await expect.poll(() => received.length).toBe(1);
  alertmanager.tell([notification("a"), notification("b")]);
  alertmanager.tell([notification("a", { resolved: true })]);
  expect(alertmanager.waiting).toBe(2);
  answer = { status: 200 };
  server.closeAllConnections();
  await expect.poll(() => counts.sent).toBe(2);
  expect(names()).toEqual(["first", "b", "a"]);
  await alertmanager.close(never());
});

test("beyond the queue's bound the oldest go, and are counted", async () => {
  const { alertmanager, counts, said } = start();
  answer = "hang";
  alertmanager.tell([notification("first")]);
  await expect.poll(() => received.length).toBe(1);
  alertmanager.tell(Array.from({ length: NOTIFIER_LIMITS.queue + 5 }, (_, index) => notification(`n${index}`)));
  expect([alertmanager.waiting, counts.dropped]).toEqual([NOTIFIER_LIMITS.queue, 5]);
  expect(said).toEqual(["more than 10000 alerts wait for an Alertmanager; the oldest are dropped"]);
  await alertmanager.close(AbortSignal.abort());
});

test("one that is away is named once, and once more when it is back", async () => {
  const { alertmanager, counts, said } = start("http://127.0.0.1:1");
  for (let time = 1; time <= 3; time++) {
    alertmanager.tell([notification("a")]);
    await expect.poll(() => counts.failed).toBe(time);
  }
  expect(said).toEqual(["Alertmanager cannot be reached; alerts are told again later"]);
  await alertmanager.close(never());
});

test("an answer that does not come is not waited for", async () => {
  const { alertmanager, counts } = start(undefined, 50);
  answer = "hang";
  alertmanager.tell([notification("a")]);
  await expect.poll(() => counts.failed).toBe(1);
  answer = { status: 200 };
  alertmanager.tell([notification("b")]);
  await expect.poll(() => counts.sent).toBe(1);
  await alertmanager.close(never());
});

test.each([400, 404, 500])("a refusal by %d is counted, with its words, and not tried again", async (status) => {
  const { alertmanager, counts, said } = start();
  answer = { status, words: "bad label" };
  alertmanager.tell([notification("a")]);
  await expect.poll(() => counts.dropped).toBe(1);
  expect(said).toEqual(["Alertmanager refuses alerts"]);
  answer = { status: 200 };
  alertmanager.tell([notification("a")]);
  await expect.poll(() => said).toEqual(["Alertmanager refuses alerts", "Alertmanager takes alerts again"]);
  expect(received).toHaveLength(2);
  await alertmanager.close(never());
});

test("what no longer holds when its turn comes is withheld: all of a group that is another's, and ends that nobody confirms", async () => {
  const { alertmanager, counts } = start();
  let asked = 0;
  const unsure = {
    speaks: async () => true,
    confirmsResolved: async () => {
      asked++;
      return false;
    },
  };
  const failing = { speaks: async () => true, confirmsResolved: () => Promise.reject(new Error("no")) };
  const gone = { speaks: async () => false, confirmsResolved: async () => true };
  alertmanager.tell([
    notification("fires", { standing: unsure }),
    notification("ends", { standing: unsure, resolved: true }),
    notification("ends too", { standing: unsure, resolved: true }),
    notification("fails", { standing: failing, resolved: true }),
    notification("another's", { standing: gone }),
    notification("another's end", { standing: gone, resolved: true }),
    notification("confirmed", { resolved: true }),
  ]);
  await expect.poll(() => counts).toEqual({ sent: 2, failed: 0, dropped: 0, withheld: 5 });
  expect([names(), asked]).toEqual([["fires", "confirmed"], 1]);
  await alertmanager.close(never());
});

test("closing sends what waits, and takes nothing more", async () => {
  const { alertmanager, counts } = start();
  alertmanager.tell([notification("a")]);
  await alertmanager.close(never());
  alertmanager.tell([notification("b")]);
  expect([counts.sent, alertmanager.waiting]).toEqual([1, 0]);
});
