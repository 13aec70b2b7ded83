/** What runs beside the clients of *outage*: FL server, backends, hosts, database, and the Collector that probes them. */
import type { Chance } from "./chance.ts";
import { during, PLOT, THROUGHOUT } from "./outage-plot.ts";
import { roundsUntil } from "./outage-rounds.ts";
import { type Life, lifeAt, type Metric, type Sender, type Source } from "./source.ts";

/** The FL server. */
export const FL_SERVER = { service: "fl-server", instance: "fl-server-0" } as const;
/** The backend whose answers are errors for a while. */
export const FAILING_BACKEND = { service: "fl-backend", instance: "fl-backend-0" } as const;

const DATABASE = { service: "mongodb", instance: "mongodb-0" } as const;
/** Sends nothing itself; that it is gone is known from `up` alone. */
const DOWN = { service: "fl-gateway", instance: "fl-gateway-0" } as const;
const BUSY_HOST = "host-02";
const BRIEFLY_BUSY_HOST = "host-03";
const HOSTS = ["host-01", BUSY_HOST, BRIEFLY_BUSY_HOST, "host-04"] as const;
const CONNECTIONS_AVAILABLE = 500;

/** A gauge between `low` and `high` that never stands still. */
type Wobble = (name: string, low: number, high: number, ms: number) => number;

/** The senders beside the clients'. All are read at whole multiples of the interval, where a window's border may lie. */
export function serverSenders(clients: readonly Source[], chance: Chance): readonly Sender[] {
  const wobble: Wobble = (name, low, high, ms) =>
    Math.round(100 * (low + (high - low) * chance(`${name} ${ms}`)())) / 100;
  const services = [
    flServer(clients),
    ...backends(),
    ...HOSTS.map((host) => hostAgent(host, wobble)),
    database(wobble),
  ];
  const alone = services.map((one): Sender => {
    return { name: one.instance, via: "grpc", encoding: "", phaseMs: 0, sources: [one] };
  });
  const probed = [DOWN, ...services].map(probe);
  return [...alone, { name: "collector-probes", via: "grpc", encoding: "", phaseMs: 0, sources: probed }];
}

function source(who: Pick<Source, "service" | "instance">, metrics: readonly Metric[]): Source {
  const resource = { "service.version": "1.4.0", "deployment.environment": "production" };
  return { service: who.service, instance: who.instance, resource, lives: [THROUGHOUT], lagMs: 0, metrics };
}

function gauge(name: string, value: (ms: number) => number): Metric {
  return { name, prometheus: name.replaceAll(".", "_"), kind: "gauge", attributes: {}, value };
}

function flServer(clients: readonly Source[]): Source {
  const connected = (ms: number) => clients.filter(({ lives }) => lifeAt(lives, ms) !== undefined).length;
  const rounds = (job: "job-1" | "job-2"): Metric => ({
    name: "training_round_completed",
    prometheus: "training_round_completed_total",
    kind: "counter",
    attributes: { job_id: job },
    value: (ms) => roundsUntil(job, ms).length || undefined,
  });
  return source(FL_SERVER, [
    gauge("fl.clients.connected", connected),
    gauge("fl.clients.expected", () => clients.length),
    rounds("job-1"),
    rounds("job-2"),
  ]);
}

/** Two backends; errors of one a minute are their everyday, far below what the rule minds. */
function backends(): readonly Source[] {
  const answers = (status: string, count: (ms: number) => number): Metric => ({
    name: "http_requests_total",
    prometheus: "http_requests_total",
    kind: "counter",
    attributes: { method: "POST", handler: "/v1/updates", status },
    value: (ms) => count(ms) || undefined,
  });
  const perMs = (each: number, life: Life) => (ms: number) => Math.floor((Math.min(ms, life.until) - life.from) / each);
  const burst = perMs(1000, PLOT.errorBurst);
  const everyday = [answers("200", perMs(400, THROUGHOUT)), answers("500", perMs(60_000, THROUGHOUT))];
  return [
    source(FAILING_BACKEND, [...everyday, answers("503", (ms) => Math.max(0, burst(ms)))]),
    source({ service: "fl-backend", instance: "fl-backend-1" }, everyday),
  ];
}

function hostAgent(instance: string, wobble: Wobble): Source {
  const share = (what: string, busy: (ms: number) => boolean) =>
    gauge(`${what}.usage.percent`, (ms) => {
      const name = `${what} ${instance}`;
      return busy(ms) ? wobble(name, 92, 99, ms) : wobble(name, 30, 70, ms);
    });
  const memoryBusy = { [BUSY_HOST]: PLOT.hostBusyByMemory, [BRIEFLY_BUSY_HOST]: PLOT.hostBusyBriefly }[instance];
  return source({ service: "host-agent", instance }, [
    share("cpu", (ms) => instance === BUSY_HOST && during(PLOT.hostBusyByCpu, ms)),
    share("memory", (ms) => memoryBusy !== undefined && during(memoryBusy, ms)),
  ]);
}

function database(wobble: Wobble): Source {
  const high = (ms: number) => during(PLOT.connectionsHigh, ms) || during(PLOT.connectionsHighBriefly, ms);
  return source(DATABASE, [
    gauge("mongodb.connections.current", (ms) =>
      Math.round(high(ms) ? wobble("connections", 420, 480, ms) : wobble("connections", 120, 260, ms)),
    ),
    gauge("mongodb.connections.available", () => CONNECTIONS_AVAILABLE),
  ]);
}

/** What the probing Collector says about a service, in that service's name as its prometheus receiver does. */
function probe({ service, instance }: Pick<Source, "service" | "instance">): Source {
  const isDown = (ms: number) =>
    (instance === DOWN.instance && during(PLOT.serviceDown, ms)) ||
    (instance === DATABASE.instance && during(PLOT.serviceDownBriefly, ms));
  return source({ service, instance }, [gauge("up", (ms) => (isDown(ms) ? 0 : 1))]);
}
