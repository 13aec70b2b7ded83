/** Traces of *outage*: each round is one, from the server's root span to the local training of a few clients. */
import type { DecodedAttribute, DecodedSpan } from "@rondo/otlp/codec";
import { between } from "../seeded-random.ts";
import type { Chance } from "./chance.ts";
import { type EventTime, lasting, nanosAt } from "./event-time.ts";
import { bytesOf, type FleetRequest } from "./fleet-request.ts";
import { resourceOf } from "./metrics-request.ts";
import { JOBS, type Job, ROUND_ENDS } from "./outage-rounds.ts";
import { FL_SERVER } from "./outage-servers.ts";
import { lifeAt, type Source } from "./source.ts";
import { spanIdOf, traceIdOf } from "./trace-ids.ts";

/** Clients that train in one round. */
const PARTICIPANTS = 5;
const ROUND_TOOK_MS = 45_000;
/** A client begins this long after the round did, and is done before it ends. */
const BEGINS_MS = 2_000;
const TRAINS_MS = { least: 10_000, most: 40_000 } as const;

/** SpanKind. */
const KIND = { internal: 1, server: 2 } as const;

/** The name that a round's trace and root span draw their ids by. */
export function roundName(job: Job, round: number): string {
  return `${job} round ${round}`;
}

/** A request of the server and one of each participant for every round, each when its span has ended. */
export function outageTraces(clients: readonly Source[], chance: Chance, time: EventTime): readonly FleetRequest[] {
  return JOBS.flatMap((job) =>
    ROUND_ENDS[job].flatMap((ms, index) => roundTraces(job, index + 1, ms, clients, chance, time)),
  );
}

function roundTraces(
  job: Job,
  round: number,
  endMs: number,
  clients: readonly Source[],
  chance: Chance,
  time: EventTime,
): readonly FleetRequest[] {
  const name = roundName(job, round);
  const [traceId, parent] = [traceIdOf(chance, name), spanIdOf(chance, name)];
  const beginMs = endMs - ROUND_TOOK_MS;
  const random = chance(`participants ${name}`);
  const there = clients.filter(
    ({ lives }) => lifeAt(lives, beginMs) !== undefined && lifeAt(lives, endMs) !== undefined,
  );
  const trained = Array.from({ length: PARTICIPANTS }, (): FleetRequest => {
    const [client] = there.splice(between(random, 0, there.length), 1);
    if (client === undefined) throw new RangeError(`no client is left for ${name}`);
    const from = beginMs + BEGINS_MS;
    const until = from + between(random, TRAINS_MS.least, TRAINS_MS.most);
    const span = {
      ...spanOf("client.fit", KIND.internal, from, until, [text("job_id", job), int("fl.round", round)], time),
      traceId,
      spanId: spanIdOf(chance, `${name} ${client.instance}`),
      parentSpanId: parent,
    };
    return request(client, span, until, time);
  });
  const attributes = [text("job_id", job), int("fl.round", round), int("fl.participants", PARTICIPANTS)];
  const root = { ...spanOf("training.round", KIND.server, beginMs, endMs, attributes, time), traceId, spanId: parent };
  return [...trained, request(FL_SERVER, root, endMs, time)];
}

/** Whoever has a resource; of the server only its name is needed. */
type Named = Pick<Source, "service" | "instance"> & Partial<Source>;

function request({ service, instance, resource = {} }: Named, span: DecodedSpan, ms: number, time: EventTime) {
  const scope = { name: "fl.training", version: "2.7.1", attributes: [] };
  const resourceSpans = [
    { resource: resourceOf({ service, instance, resource }), scopeSpans: [{ scope, spans: [span] }] },
  ];
  const sent = { t: lasting(time, ms) / 1000, via: "grpc", encoding: "", signal: "traces" } as const;
  return { ...sent, body: bytesOf("traces", { resourceSpans }) };
}

function spanOf(
  name: string,
  kind: number,
  fromMs: number,
  untilMs: number,
  attributes: readonly DecodedAttribute[],
  time: EventTime,
): DecodedSpan {
  return {
    name,
    kind,
    startTimeUnixNano: nanosAt(time, fromMs),
    endTimeUnixNano: nanosAt(time, untilMs),
    attributes,
    events: [],
    links: [],
    status: { code: 1 },
  };
}

function text(key: string, stringValue: string): DecodedAttribute {
  return { key, value: { stringValue } };
}

function int(key: string, value: number): DecodedAttribute {
  return { key, value: { intValue: BigInt(value) } };
}
