/** Logs of *outage*: the server tells of rounds and of clients that go and come, a backend of the answers it could not give. */
import type { DecodedLogRecord } from "@rondo/otlp/codec";
import type { Chance } from "./chance.ts";
import { type EventTime, lasting, nanosAt } from "./event-time.ts";
import { bytesOf, type FleetRequest, textAttributes } from "./fleet-request.ts";
import { resourceOf } from "./metrics-request.ts";
import { INTERVAL_MS, PLOT } from "./outage-plot.ts";
import { JOBS, ROUND_ENDS } from "./outage-rounds.ts";
import { FAILING_BACKEND, FL_SERVER } from "./outage-servers.ts";
import { roundName } from "./outage-traces.ts";
import type { Source } from "./source.ts";
import { spanIdOf, traceIdOf } from "./trace-ids.ts";

/** SeverityNumber of the texts that are used. */
const SEVERITY = { INFO: 9, WARN: 13, ERROR: 17 } as const;

/** Something that was said. */
interface Said {
  readonly ms: number;
  readonly severity: keyof typeof SEVERITY;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** The name by which the span that it was said in draws its ids. */
  readonly span?: string;
}

/** A request for every moment at which something was said. */
export function outageLogs(clients: readonly Source[], chance: Chance, time: EventTime): readonly FleetRequest[] {
  return [
    ...requests(FL_SERVER, [...rounds(), ...departures(clients)], chance, time),
    ...requests(FAILING_BACKEND, errors(), chance, time),
  ];
}

function rounds(): readonly Said[] {
  return JOBS.flatMap((job) =>
    ROUND_ENDS[job].map((ms, index): Said => {
      const span = roundName(job, index + 1);
      return { ms, severity: "INFO", body: `${span} aggregated`, attributes: { job_id: job }, span };
    }),
  );
}

function departures(clients: readonly Source[]): readonly Said[] {
  return clients
    .filter(({ lives }) => lives.length > 1)
    .flatMap(({ instance }): readonly Said[] => {
      const attributes = { client_id: instance };
      const { from, until } = PLOT.clientsAway;
      return [
        { ms: from, severity: "WARN", body: `${instance} disconnected`, attributes },
        { ms: until, severity: "INFO", body: `${instance} connected`, attributes },
      ];
    });
}

/** One line an interval for all the errors in it, as a service with a rate-limited logger writes. */
function errors(): readonly Said[] {
  const { from, until } = PLOT.errorBurst;
  return Array.from({ length: (until - from) / INTERVAL_MS }, (_, index) => ({
    ms: from + (index + 1) * INTERVAL_MS,
    severity: "ERROR",
    body: `POST /v1/updates answered 503: ${INTERVAL_MS / 1000} updates refused, the aggregator does not take them`,
    attributes: { "http.route": "/v1/updates", "exception.type": "ServiceUnavailable" },
    span: `refused ${index}`,
  }));
}

function requests(
  who: Pick<Source, "service" | "instance">,
  said: readonly Said[],
  chance: Chance,
  time: EventTime,
): readonly FleetRequest[] {
  const resource = resourceOf({ ...who, resource: {} });
  const scope = { name: "app", attributes: [] };
  return [...Map.groupBy(said, ({ ms }) => ms)].map(([ms, together]): FleetRequest => {
    const logRecords = together.map((one) => recordOf(one, chance, time));
    const body = bytesOf("logs", { resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords }] }] });
    return { t: lasting(time, ms) / 1000, via: "http", encoding: "gzip", signal: "logs", body };
  });
}

function recordOf({ ms, severity, body, attributes, span }: Said, chance: Chance, time: EventTime): DecodedLogRecord {
  return {
    timeUnixNano: nanosAt(time, ms),
    observedTimeUnixNano: nanosAt(time, ms),
    severityNumber: SEVERITY[severity],
    severityText: severity,
    body: { stringValue: body },
    attributes: textAttributes(attributes),
    ...(span !== undefined && { traceId: traceIdOf(chance, span), spanId: spanIdOf(chance, span) }),
  };
}
