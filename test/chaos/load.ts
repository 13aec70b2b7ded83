/** Clients that send small requests of every signal over both transports, and write down what they were promised. */
import { setTimeout as pause } from "node:timers/promises";
import { SIGNALS, type Signal } from "@rondo/otlp";
import { type DecodedAttribute, type DecodedRequest, encodeRequest } from "@rondo/otlp/codec";
import { type Answer, grpcClient, httpClient, type OtlpClient } from "../rig/otlp-client.ts";
import { between } from "../rig/random.ts";
import { identify, ledgerLine, STAMP_KEY } from "./identity.ts";
import type { Ledger } from "./ledger.ts";

/** Where a gateway takes requests. */
export interface GatewayPorts {
  readonly grpc: number;
  readonly http: number;
}

/** One client: what it sends is its own, so that its items have an order. */
export interface LoadClient {
  readonly transport: "grpc" | "http";
  readonly gzip: boolean;
  /** The numbers of the service instances that it speaks for, and no other does. */
  readonly instances: readonly number[];
  /** Items of a request, up to and without this number. */
  readonly itemsBelow: number;
  /** Between an answer and the next request, milliseconds. */
  readonly pauseMs: number;
}

/** What a load is started with. */
export interface LoadOptions {
  /** The gateways; a client that gets no answer from one goes on with the next. */
  readonly gateways: readonly GatewayPorts[];
  /** Who sends; six clients without a pause unless told otherwise. */
  readonly clients?: readonly LoadClient[];
  readonly round: number;
  readonly random: () => number;
  /** Every item, before it is sent. */
  readonly sent: Ledger;
  /** Every item of a request that was answered with yes, after the answer. */
  readonly acked: Ledger;
}

/** A load under way. */
export interface Load {
  /** Requests whose answer is due. */
  readonly unanswered: number;
  /** Requests answered with yes so far. */
  readonly accepted: number;
  /** Requests answered with no, by status; and the answers after which a client must not try again, each once. */
  readonly refused: ReadonlyMap<number, number>;
  readonly finals: ReadonlySet<string>;
  /** No new requests; resolves when every client has ended and its ledger lines are on disk. */
  stop(): Promise<void>;
}

/** Six clients, three instances each, so that partitions are mixed. */
const CLIENTS: readonly LoadClient[] = Array.from({ length: 6 }, (_, index) => ({
  transport: index % 2 === 0 ? "http" : "grpc",
  gzip: index === 2 || index === 3,
  instances: [index, index + 6, index + 12],
  itemsBelow: 20,
  pauseMs: 0,
}));

/** What a client may repeat (OTLP 1.11, "Failures"): gRPC's RESOURCE_EXHAUSTED and UNAVAILABLE among them. */
const RETRYABLE: Readonly<Record<LoadClient["transport"], readonly number[]>> = {
  http: [429, 502, 503, 504],
  grpc: [8, 14],
};

/** How long a client waits that was refused or got no answer, milliseconds. */
const AGAIN_MS = 20;
const START = 1_790_000_000_000_000_000n;

const text = (key: string, stringValue: string): DecodedAttribute => ({ key, value: { stringValue } });

interface Item {
  readonly attributes: readonly DecodedAttribute[];
  readonly time: bigint;
  readonly number: number;
}

const scope = { name: "chaos", version: "1", attributes: [text("lane", "a")] };

function id(item: Item, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  new DataView(bytes.buffer).setBigUint64(length - 8, item.time + 1n);
  return bytes;
}

function span(item: Item) {
  const { attributes, time } = item;
  return {
    traceId: id(item, 16),
    spanId: id(item, 8),
    name: "work",
    kind: 1,
    startTimeUnixNano: time,
    endTimeUnixNano: time + 5n,
    attributes,
    events: [{ timeUnixNano: time + 1n, name: "step", attributes: [text("of", String(item.number))] }],
    links: [],
  };
}

const point = ({ attributes, time, number }: Item) => ({
  attributes,
  timeUnixNano: time,
  asDouble: number / 3,
  exemplars: [],
});

const log = ({ attributes, time, number }: Item) => ({
  attributes,
  timeUnixNano: time,
  observedTimeUnixNano: time,
  severityNumber: 9,
  body: { stringValue: `line ${number}` },
});

type Resource = { readonly attributes: readonly DecodedAttribute[]; readonly entityRefs: readonly never[] };

const BUILD: { readonly [S in Signal]: (resource: Resource, items: readonly Item[]) => DecodedRequest<S> } = {
  traces: (resource, items) => ({ resourceSpans: [{ resource, scopeSpans: [{ scope, spans: items.map(span) }] }] }),
  metrics: (resource, items) => ({
    resourceMetrics: [
      {
        resource,
        scopeMetrics: [
          {
            scope,
            metrics: [
              {
                name: "level",
                unit: "1",
                metadata: [],
                gauge: { dataPoints: items.filter(({ number }) => number % 2 === 0).map(point) },
              },
              {
                name: "work",
                unit: "1",
                metadata: [],
                sum: {
                  dataPoints: items.filter(({ number }) => number % 2 === 1).map(point),
                  aggregationTemporality: 2,
                  isMonotonic: true,
                },
              },
            ],
          },
        ],
      },
    ],
  }),
  logs: (resource, items) => ({ resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords: items.map(log) }] }] }),
};

/**
 * A request of one service instance. Each item carries `round:instance:first:number`: numbers count from `first`, which so
 * names the request.
 */
export function buildRequest(signal: Signal, round: number, first: number, items: number, instance: number): Buffer {
  const resource = {
    attributes: [text("service.name", "chaos"), text("service.instance.id", `client-${instance}`)],
    entityRefs: [],
  };
  const stamped = Array.from({ length: items }, (_, index) => {
    const number = first + index;
    const time = START + BigInt(round) * 1_000_000_000n + BigInt(number);
    return {
      number,
      time,
      attributes: [
        text(STAMP_KEY, `${round}:${instance}:${first}:${number}`),
        text("kind", number % 3 === 0 ? "a" : "b"),
      ],
    };
  });
  return Buffer.from(encodeRequest(signal, BUILD[signal](resource, stamped)));
}

/** Starts the clients. Each waits for its answer before it sends again, and sends nothing twice. */
export function startLoad(options: LoadOptions): Load {
  const { round, random, gateways, clients = CLIENTS } = options;
  let stopping = false;
  let sequence = 0;
  let unanswered = 0;
  let accepted = 0;
  const refused = new Map<number, number>();
  const finals = new Set<string>();
  const note = (client: LoadClient, answer: Answer | undefined) => {
    if (answer?.kind !== "refused") return;
    const { status, text: said } = answer;
    refused.set(status, (refused.get(status) ?? 0) + 1);
    if (!RETRYABLE[client.transport].includes(status)) finals.add(`${client.transport} ${status} ${said}`);
  };

  const run = async (client: LoadClient, index: number) => {
    const ways = gateways.map((ports) => way(client, ports));
    let [turn, at] = [between(random, 0, SIGNALS.length), index % ways.length];
    while (!stopping) {
      const signal = SIGNALS[turn++ % SIGNALS.length] ?? "traces";
      const items = between(random, 1, client.itemsBelow);
      const instance = client.instances[between(random, 0, client.instances.length)] ?? 0;
      const body = buildRequest(signal, round, sequence, items, instance);
      sequence += items;
      const lines = identify(signal, body, false).map((one) => ledgerLine(signal, one));
      await options.sent.append(lines);
      unanswered++;
      const answer = await ways[at]?.send(signal, body);
      unanswered--;
      note(client, answer);
      if (answer?.kind === "accepted") {
        accepted++;
        await options.acked.append(lines);
        if (client.pauseMs > 0) await pause(client.pauseMs);
      } else {
        at = (at + 1) % ways.length;
        await pause(Math.max(AGAIN_MS, client.pauseMs));
      }
    }
    for (const one of ways) one.close();
  };
  const running = clients.map(run);
  return {
    get unanswered() {
      return unanswered;
    },
    get accepted() {
      return accepted;
    },
    refused,
    finals,
    async stop() {
      stopping = true;
      await Promise.all(running);
    },
  };
}

/** How long a client waits for an answer, milliseconds. */
const TIMEOUT_MS = 5000;

function way({ transport, gzip }: LoadClient, ports: GatewayPorts): OtlpClient {
  return transport === "http"
    ? httpClient({ port: ports.http, gzip, timeoutMs: TIMEOUT_MS, connections: 1 })
    : grpcClient({ port: ports.grpc, gzip, timeoutMs: TIMEOUT_MS });
}
