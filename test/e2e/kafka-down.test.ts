/**
 * Kafka is down under 2,000 spans a second: clients are told to come back and keep what they have, no role burns a core or grows,
 * and afterwards the backlog is taken five times as fast as it came. Twenty seconds; with RONDO_LONG=1 ten minutes.
 */
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { cpuSeconds } from "../bench/peer/process-figures.ts";
import { partitionClients } from "../chaos/clients.ts";
import { plainYaml } from "../chaos/config.ts";
import { Opened, openSite, PARTITIONS, type Site } from "../chaos/kafka-site.ts";
import { buildRequest, type LoadClient } from "../chaos/load.ts";
import { SpanLedger } from "../chaos/span-ledger.ts";
import { suiteNeeds } from "../needs.ts";
import { type Answer, grpcClient, httpClient } from "../rig/otlp-client.ts";
import { serveHttp } from "../rig/otlp-server.ts";
import { anonymousBytes } from "../rig/process-state.ts";
import { testFolder } from "./road.ts";

const LONG = process.env["RONDO_LONG"] === "1";
const DOWN_MS = LONG ? 600_000 : 20_000;
const SPANS_PER_SECOND = 2_000;
const SPANS = 100;
/** Times as fast as it came, the backlog is taken, once the first of it is; a short one tells less, on a machine that does other things. */
const FASTER = LONG ? 5 : 1.5;
const CORE_SHARE = 0.05;
/** What memory may be more at the end than when the first connections had been given up. */
const GROWN_BYTES = 24 << 20;
/** Answers that let a client come back: 503 and UNAVAILABLE. */
const COME_BACK = new Set([503, 14]);
const WAITS_MS = [500, 1_000, 2_000, 5_000] as const;
/** A gateway waits eight seconds for Kafka before it says no. */
const TIMEOUT_MS = 15_000;

/** Clients that make spans at a steady rate, one request at a time each, and keep what is refused. */
class Keepers {
  readonly ledger = new SpanLedger();
  readonly refused = new Map<string, number>();
  taken = 0;
  #stopping = false;
  #made = 0;
  readonly #running: readonly Promise<void>[];

  constructor({ http, grpc }: { readonly http: number; readonly grpc: number }) {
    // A connection for each instance: whoever has one request under way at a time keeps the order of each.
    const clients = partitionClients(PARTITIONS).flatMap((client) =>
      client.instances.map((instance) => ({ ...client, instances: [instance] })),
    );
    const everyMs = (1_000 * SPANS * clients.length) / SPANS_PER_SECOND;
    this.#running = clients.map((client, index) =>
      this.#run(client, { http, grpc }, (everyMs * index) / clients.length, everyMs),
    );
  }

  /** Spans that were made and not taken yet. */
  get backlog(): number {
    return this.#made - this.taken;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#running);
  }

  async #run(
    client: LoadClient,
    ports: { readonly http: number; readonly grpc: number },
    firstMs: number,
    everyMs: number,
  ) {
    const { transport, instances } = client;
    const way =
      transport === "grpc"
        ? grpcClient({ port: ports.grpc, timeoutMs: TIMEOUT_MS })
        : httpClient({ port: ports.http, timeoutMs: TIMEOUT_MS, connections: 1 });
    const instance = instances[0] ?? 0;
    const began = performance.now() + firstMs;
    let [due, tries] = [0, 0];
    const kept: number[] = [];
    for (; !this.#stopping || kept.length > 0; ) {
      for (; !this.#stopping && performance.now() >= began + due * everyMs; due++) {
        kept.push(this.#made);
        this.#made += SPANS;
      }
      const first = kept[0];
      if (first === undefined) {
        await pause(5);
        continue;
      }
      if (tries === 0) this.ledger.sent(instance, first, SPANS);
      const answer = await way.send("traces", buildRequest("traces", 0, first, SPANS, instance));
      if (answer.kind === "accepted") {
        this.ledger.acked(first);
        this.taken += SPANS;
        kept.shift();
        tries = 0;
      } else {
        this.#note(answer);
        await pause(WAITS_MS[Math.min(tries++, WAITS_MS.length - 1)]);
      }
    }
    way.close();
  }

  #note(answer: Exclude<Answer, { kind: "accepted" }>): void {
    const said = answer.kind === "refused" && COME_BACK.has(answer.status) ? "come back" : JSON.stringify(answer);
    this.refused.set(said, (this.refused.get(said) ?? 0) + 1);
  }
}

/** What each role needs while Kafka is away, from shortly after its end: its share of a core, and by how much its memory grew. */
async function watchRoles({ rondo }: Site, forMs: number) {
  const look = () => rondo.all.map(({ role, pid }) => ({ role, core: cpuSeconds(pid), bytes: anonymousBytes(pid) }));
  const settleMs = Math.min(10_000, forMs / 4);
  await pause(settleMs);
  const [from, before] = [performance.now(), look()];
  await pause(forMs - settleMs);
  const seconds = (performance.now() - from) / 1_000;
  return look().map(({ role, core, bytes }, index) => ({
    role,
    share: (core - (before[index]?.core ?? 0)) / seconds,
    grown: bytes - (before[index]?.bytes ?? 0),
  }));
}

suiteNeeds(
  "kafka",
  "redis",
  "alertmanager",
)("Kafka is down", () => {
  test(
    "what clients keep while Kafka is down is taken five times as fast as it came",
    async ({ annotate }) => {
      const opened = new Opened();
      try {
        let keepers: Keepers | undefined;
        const sink = await opened.add(
          serveHttp(0, (_, body) => {
            keepers?.ledger.delivered("otlphttp", body);
            return "accepted";
          }),
        );
        const site = await opened.add(
          openSite({
            folder: join(testFolder(), "site"),
            rules: { file: "none.yml", text: "groups: []\n" },
            times: { interval: "1m", resend: "1m", lookback: "5m" },
            yaml: (ports, shared) => plainYaml(ports, sink.port, shared),
            processes: { gateway: 1, worker: 1, alerts: 1 },
          }),
        );
        const gateway = site.rondo.gateways[0];
        if (gateway === undefined) throw new Error("there is no gateway");
        const load = new Keepers(gateway.ports);
        keepers = load;
        await expect.poll(() => load.taken, { timeout: 30_000 }).toBeGreaterThan(4 * SPANS_PER_SECOND);
        await Promise.all(site.kafka.nodes.map((node) => node.kill()));
        const roles = await watchRoles(site, DOWN_MS);
        await Promise.all(site.kafka.nodes.map((node) => node.start()));
        const [backlog, taken, back] = [load.backlog, load.taken, performance.now()];
        await expect.poll(() => load.backlog, { timeout: 60_000 + DOWN_MS, interval: 50 }).toBeLessThan(2 * SPANS * 24);
        const rate = ((load.taken - taken) * 1_000) / (performance.now() - back);
        await load.stop();
        const said = roles.map(
          ({ role, share, grown }) => `${role} ${(100 * share).toFixed(1)} % of a core, ${grown >> 20} MiB more`,
        );
        await annotate(`${backlog} spans kept, taken at ${Math.round(rate)} a second; ${said.join("; ")}`);
        expect([...load.refused.keys()]).toEqual(["come back"]);
        for (const { role, share, grown } of roles) {
          expect(share, role).toBeLessThan(CORE_SHARE);
          expect(grown, role).toBeLessThan(GROWN_BYTES);
        }
        expect(rate).toBeGreaterThan(FASTER * SPANS_PER_SECOND);
        await expect
          .poll(() => load.ledger.findings().problems, { timeout: 60_000 + DOWN_MS, interval: 1_000 })
          .toEqual([]);
      } finally {
        await opened.close();
      }
    },
    180_000 + 3 * DOWN_MS,
  );
});
