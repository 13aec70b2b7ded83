/** What tests that let an outage happen see of it: what came to an Alertmanager, and transitions in one order. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type RuleGroup, slotsOf } from "@rondo/alerts";
import { type Clock, DEFAULT_TENANT } from "@rondo/core";
import type { Notification, Transition } from "@rondo/testkit/fleet";
import { onTestFinished } from "vitest";

/** An Alertmanager that only listens, and the URL where it does. */
export async function listener(clock: Clock, heard: (notification: Notification) => void): Promise<string> {
  const server = createServer(async (request, response) => {
    const body = (await request.toArray()).join("");
    for (const { labels, startsAt, endsAt } of JSON.parse(body)) {
      heard({ at: clock.now(), labels, startsAt: Date.parse(startsAt), endsAt: Date.parse(endsAt) });
    }
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  // A server that listens on a port has an address of this form.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The truth's order is by rule, the worker's by group: put both into one. */
export function inOrder(transitions: readonly Omit<Transition, "value">[]) {
  return transitions
    .map(({ at, group, alert, labels, from, to }) => ({ at, group, alert, labels, from, to }))
    .toSorted((a, b) => a.at - b.at || a.alert.localeCompare(b.alert) || a.from.localeCompare(b.from));
}

/** Slots as the worker has them, by group. */
export function slotOffsets(groups: readonly RuleGroup[], intervalMs: number): Readonly<Record<string, number>> {
  return Object.fromEntries(groups.map((group) => [group.name, slotsOf(DEFAULT_TENANT, group, intervalMs).offsetMs]));
}
