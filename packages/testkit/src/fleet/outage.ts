/**
 * The scenario *outage*: 90 minutes of a federated-learning platform on a bad day, one sample every 15 s, 100 clients and the
 * services beside them, written as the OTLP requests that they would send – and what the six alerting rules of the examples
 * must make of it. `outage-plot.ts` says what happens.
 */
import { chance } from "./chance.ts";
import { assertEventTime, type EventTime } from "./event-time.ts";
import type { FleetRequest } from "./fleet-request.ts";
import { metricsRequest } from "./metrics-request.ts";
import { clientSenders, outageClients } from "./outage-clients.ts";
import { outageLogs } from "./outage-logs.ts";
import { DURATION_MS, INTERVAL_MS } from "./outage-plot.ts";
import { OUTAGE_RULES } from "./outage-rules.ts";
import { serverSenders } from "./outage-servers.ts";
import { outageTraces } from "./outage-traces.ts";
import { type PlainSeries, plainSeries } from "./plain-series.ts";
import { sample } from "./sampled.ts";
import type { Evaluation } from "./transitions.ts";
import { EVERY_MINUTE, type Truth, truthOf } from "./truth.ts";

/** What decides a fleet, byte for byte. */
export interface OutageOptions {
  readonly seed: number;
  /** The beginning, milliseconds since the epoch. */
  readonly startMs: number;
  /** How often faster than described; every duration, the interval of the samples among them, is divided by it. */
  readonly speed?: number;
  /** When the rules are evaluated; every minute at whole minutes unless said. It decides the truth, not the requests. */
  readonly evaluation?: Evaluation;
}

/** A scenario that has been played. */
export interface Outage {
  readonly time: EventTime;
  /** By time. */
  readonly requests: readonly FleetRequest[];
  /** The samples as Prometheus would hold them. */
  readonly series: readonly PlainSeries[];
  readonly truth: Truth;
}

/** Plays the scenario. Throws RangeError for a start, a speed or an interval that is none. */
export function outage({ seed, startMs, speed = 1, evaluation = EVERY_MINUTE }: OutageOptions): Outage {
  const time = { startMs, speed };
  assertEventTime(time);
  const chances = chance(seed);
  const clients = outageClients(chances);
  const senders = [...serverSenders(clients, chances), ...clientSenders(clients, chances)];
  const sendings = sample(senders, INTERVAL_MS, DURATION_MS);
  const requests = [
    ...sendings.map((sending) => metricsRequest(sending, time)),
    ...outageTraces(clients, chances, time),
    ...outageLogs(clients, chances, time),
  ].sort((a, b) => a.t - b.t);
  const series = plainSeries(sendings, time);
  return { time, requests, series, truth: truthOf(OUTAGE_RULES, series, time, DURATION_MS, evaluation) };
}
