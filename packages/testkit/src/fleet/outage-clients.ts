/** The clients of *outage*: ten at each of ten sites. One site's clients send on their own, the others through a Collector. */
import { between } from "../seeded-random.ts";
import type { Chance } from "./chance.ts";
import { CLIENTS, INTERVAL_MS, PLOT, THROUGHOUT } from "./outage-plot.ts";
import type { Life, Metric, Sender, Source } from "./source.ts";

const SITE_SIZE = 10;
/** A client reports how far its local training is; it ends an epoch this often. */
const EPOCH_MS = 40_000;
const EXAMPLES_PER_EPOCH = 224;
const UPDATE_BYTES = 181_736;

const STAY: readonly Life[] = [THROUGHOUT];
const LEAVE_AND_RETURN: readonly Life[] = [
  { from: 0, until: PLOT.clientsAway.from },
  { ...THROUGHOUT, from: PLOT.clientsAway.until },
];

/** All clients; those that leave are drawn from the seed. */
export function outageClients(chance: Chance): readonly Source[] {
  const leaving = drawn(chance);
  return Array.from({ length: CLIENTS.all }, (_, number) => {
    const instance = `client-${String(number).padStart(3, "0")}`;
    const random = chance(instance);
    return {
      service: "fl-client",
      instance,
      resource: { "fl.site": `site-${siteOf(number)}`, "service.version": "2.7.1" },
      lives: leaving.has(number) ? LEAVE_AND_RETURN : STAY,
      // Behind a Collector a reading waits for the next sending; a client on its own sends what it has just read.
      lagMs: siteOf(number) === 0 ? 0 : between(random, 0, INTERVAL_MS / 1000) * 1000,
      metrics: clientMetrics(instance, chance),
    };
  });
}

/** The senders of these clients. */
export function clientSenders(clients: readonly Source[], chance: Chance): readonly Sender[] {
  const phaseMs = (name: string) => between(chance(`phase ${name}`), 0, INTERVAL_MS / 1000) * 1000;
  const sites = [...Map.groupBy(clients, ({ resource }) => resource["fl.site"] ?? "").entries()];
  return sites.flatMap(([site, sources], index): readonly Sender[] =>
    index === 0
      ? sources.map((source) => {
          const name = source.instance;
          return { name, via: "http", encoding: "gzip", phaseMs: phaseMs(name), sources: [source] };
        })
      : [{ name: `collector-${site}`, via: "grpc", encoding: "", phaseMs: phaseMs(site), sources }],
  );
}

function siteOf(client: number): number {
  return Math.floor(client / SITE_SIZE);
}

/** The numbers of the clients that leave: each client draws, the smallest draws leave. */
function drawn(chance: Chance): ReadonlySet<number> {
  const random = chance("who leaves");
  const draws = Array.from({ length: CLIENTS.all }, (_, number) => ({ number, draw: random() }));
  const smallest = draws.sort((a, b) => a.draw - b.draw).slice(0, CLIENTS.leaving);
  return new Set(smallest.map(({ number }) => number));
}

function clientMetrics(instance: string, chance: Chance): readonly Metric[] {
  const epochs = (ms: number, life: Life) => Math.floor((ms - life.from) / EPOCH_MS);
  const loss = chance(`loss ${instance}`)();
  const counted = (each: number) => (ms: number, life: Life) => epochs(ms, life) * each || undefined;
  return [
    {
      name: "fl.client.training.loss",
      prometheus: "fl_client_training_loss",
      kind: "gauge",
      attributes: { job_id: "job-1" },
      // Falls as training goes on and starts anew with the process; rounded, because a loss is reported so.
      value: (ms, life) => Math.round(1e4 * (0.2 + (1 + loss) / (1 + epochs(ms, life) / 8))) / 1e4,
    },
    {
      name: "fl.client.examples",
      prometheus: "fl_client_examples_total",
      kind: "counter",
      attributes: { job_id: "job-1" },
      value: counted(EXAMPLES_PER_EPOCH),
    },
    {
      name: "fl.client.sent",
      prometheus: "fl_client_sent_bytes_total",
      kind: "counter",
      unit: "By",
      attributes: {},
      value: counted(UPDATE_BYTES),
    },
  ];
}
