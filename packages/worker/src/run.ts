/** The worker role: one consumer group per pipeline and one per exporter, in one process. */
import { type Broker, type Claim, deadLetterTopic, type GroupSpec, type Member, RAW_TOPICS } from "@rondo/broker";
import { type Graph, metadataSentBy } from "@rondo/config";
import { type Clock, type Exporter, Fault, fired, type Log, type Random, sleep } from "@rondo/core";
import { chain, Recurring } from "@rondo/delivery";
import type { Readiness, Registry } from "@rondo/monitor";
import { type Carried, countItems, countProfiles, WireError } from "@rondo/otlp";
import { accumulationOfPipeline } from "./accumulation.ts";
import { createExporter } from "./create-component.ts";
import { reviveGroups } from "./drop-backlog.ts";
import { endOf } from "./end-of.ts";
import { runExporterClaim } from "./export.ts";
import { exporterSpec, holdRenames, pipelineSpec, topicOfPipeline } from "./groups.ts";
import { observeKept } from "./kept-metrics.ts";
import { Ledger } from "./ledger.ts";
import { measured } from "./measure.ts";
import { runPipelineClaim } from "./pipeline.ts";
import { stagesOf } from "./stages.ts";
import { Watchdog } from "./watchdog.ts";

/** What a worker needs from the process that runs it. */
export interface WorkerOptions {
  readonly graph: Graph;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Where the exporters' tries are counted. */
  readonly registry: Registry;
  /** Lacks `group <name>` from a group's failure until it is joined again. */
  readonly readiness: Readiness;
  /** Bytes of records that all claims together may hold unsettled; each claim gets an equal share. */
  readonly readAheadBytes: number;
  /** Other readers of the log that run beside the pipelines and exporters, such as the windows' writer. */
  readonly readers?: readonly Reader[];
}

/** A reader of one topic, with a group of its own. It keeps no row of the account: it delivers to nobody outside. */
export interface Reader {
  readonly spec: GroupSpec;
  /** What it is called in metrics and in the log, as an exporter is by its id. */
  readonly component: string;
  readonly pipeline: string;
  readonly signal: Carried;
  /** Runs until `ended` fires; throws what makes its group fail and be joined again. */
  run(claim: Claim, ended: AbortSignal): Promise<void>;
}

/** A running worker. */
export interface Worker {
  /** The account and the lag of everything that runs here. */
  readonly ledger: Ledger;
  /** From now on no record waits for company before it is exported: what is left shall go out. */
  hurry(): void;
  /** Waits until everything in the log is settled by every group, or `abort` fires. */
  drained(abort: AbortSignal): Promise<void>;
  /** Reads nothing more, and waits until what is in hand is settled and committed, or `abort` fires. */
  finished(abort: AbortSignal): Promise<void>;
  /** Leaves every group: what is in flight is aborted, what has settled is committed. */
  close(): Promise<void>;
}

/**
 * The topics and groups of a configuration and of `others` that read its topics; every role makes sure of them before it acknowledges
 * anything.
 */
export async function prepareLog(graph: Graph, broker: Broker, others: readonly GroupSpec[] = []): Promise<void> {
  const groups = graph.pipelines.flatMap((pipeline) => [
    pipelineSpec(pipeline),
    ...pipeline.exporters.map(({ id }) => exporterSpec(pipeline, id)),
  ]);
  const raw = new Set(graph.pipelines.map(({ signal }) => RAW_TOPICS[signal]));
  const rawStates = await broker.ensureTopics([...raw].map((name) => ({ name })));
  const partitions = new Map(rawStates.map((state) => [state.name, state.partitions]));
  // Equal counts: every enriched record goes to the partition of its raw record, and what is set aside stays in its own.
  const beside = (name: string, signal: Carried) => {
    const count = partitions.get(RAW_TOPICS[signal]);
    return { name, ...(count !== undefined && { partitions: count }) };
  };
  const enriched = graph.pipelines.map((pipeline) => beside(topicOfPipeline(pipeline), pipeline.signal));
  const signals = [...new Set(graph.pipelines.map(({ signal }) => signal))];
  const sources = [...signals.map((signal) => beside(RAW_TOPICS[signal], signal)), ...enriched];
  await broker.ensureTopics([
    ...enriched,
    ...sources.map(({ name, ...rest }) => ({ name: deadLetterTopic(name), ...rest })),
  ]);
  await holdRenames(graph, broker);
  await reviveGroups(broker.state, groups);
  for (const group of [...groups, ...others]) await broker.registerGroup(group);
}

/** A ledger that knows every group of a configuration and no account yet: it can tell how far each is behind. */
export function ledgerOf(graph: Graph, broker: Broker, readers: readonly Omit<Reader, "run">[] = []): Ledger {
  const ledger = new Ledger(broker);
  for (const pipeline of graph.pipelines) {
    const about = { signal: pipeline.signal, pipeline: pipeline.id };
    ledger.group({ ...about, component: "", ...pipelineSpec(pipeline) });
    for (const { id } of pipeline.exporters) ledger.group({ ...about, component: id, ...exporterSpec(pipeline, id) });
  }
  for (const { spec, component, pipeline, signal } of readers) ledger.group({ component, pipeline, signal, ...spec });
  return ledger;
}

/** How long a member that failed stays away before it joins again, milliseconds. */
const REJOIN_MS = 2_000;

/**
 * Joins every group of the configuration; one that cannot be reached now is joined as soon as it can. Throws what `create` and
 * `start` of a component throw, and Faults of the broker that will not pass.
 */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { graph, broker, log, clock, registry } = options;
  const stop = new AbortController();
  const hurry = new AbortController();
  const lastCall = new AbortController();
  const ledger = ledgerOf(graph, broker, options.readers);
  const claims = await countClaims(graph, broker);
  const readBytes = Math.max(256 * 1024, Math.floor(options.readAheadBytes / Math.max(1, claims)));
  const exporters: Exporter[] = [];
  const members: KeptMember[] = [];
  const running = new Set<Promise<void>>();
  // A claim that ends because the worker stops has committed by then, and keeps its partition until the member leaves.
  const keep = (spec: GroupSpec, run: (claim: Claim, stop: AbortSignal) => Promise<void>) => {
    const onClaim = async (claim: Claim) => {
      ledger.claimed(spec.group, claim);
      const done = run(claim, endOf(claim, stop.signal, clock));
      const quiet = done.catch(() => undefined);
      running.add(quiet);
      quiet.finally(() => running.delete(quiet));
      try {
        await done;
        await fired(claim.revoked);
      } finally {
        if (claim.revoked.aborted && !stop.signal.aborted) ledger.taken(spec.group, claim);
      }
    };
    members.push(new KeptMember(spec, onClaim, options, stop.signal));
  };
  for (const pipeline of graph.pipelines) {
    const about = { signal: pipeline.signal, pipeline: pipeline.id };
    const spec = pipelineSpec(pipeline);
    const { signal } = pipeline;
    // What may stand in a pipeline of profiles has its say in the gateway and around the exporters.
    const stages = signal === "profiles" ? () => ({ stages: [], keeping: [] }) : stagesOf(options, pipeline, signal);
    const kept = observeKept(registry, about);
    const settings = graph.broker;
    const foreign = {
      tenant: settings.defaultTenant,
      via: settings.defaultReceiver,
      count: (value: Uint8Array) => countForeign(pipeline.signal, value),
    };
    const topic = topicOfPipeline(pipeline);
    const sentMetadata = metadataSentBy(pipeline, graph.extensions);
    keep(spec, (claim, ended) =>
      runPipelineClaim(claim, ended, {
        ...spec,
        signal: pipeline.signal,
        pipeline: pipeline.id,
        stages,
        ...kept,
        receivers: new Set(pipeline.receivers),
        maxRecordBytes: broker.maxRecordBytes,
        sentMetadata,
        enrichedTopic: topic,
        foreign,
        readBytes,
        broker,
        clock,
        log: log.child({ pipeline: pipeline.id }),
        lastCall: lastCall.signal,
        opened: (opened, account) => ledger.opened(spec.group, opened, account),
      }),
    );
    for (const { id } of pipeline.exporters) {
      const group = exporterSpec(pipeline, id);
      const labels = { ...about, component: id };
      const created = createExporter(options, pipeline, id);
      exporters.push(created);
      const exporter = { ...created, deliver: measured(created.deliver, labels, registry, clock) };
      const retries = registry.counter("rondo_exporter_retries_total", labels);
      const exporterLog = log.child({ pipeline: pipeline.id, exporter: id });
      const accumulation = accumulationOfPipeline(pipeline);
      const { waitMs } = { ...accumulation, ...created.accumulation };
      ledger.holds(group.group, waitMs + created.timeoutMs);
      const deliverer = chain(exporter, {
        accumulation,
        clock,
        random: options.random,
        log: exporterLog,
        onRetry: () => retries.add(1),
      });
      keep(group, (claim, ended) =>
        runExporterClaim(claim, ended, {
          group: group.group,
          signal: pipeline.signal,
          pipeline: pipeline.id,
          component: id,
          readBytes,
          chain: deliverer,
          broker,
          clock,
          log: exporterLog,
          hurry: hurry.signal,
          lastCall: lastCall.signal,
          opened: (opened, account) => ledger.opened(group.group, opened, account),
        }),
      );
    }
  }
  for (const { spec, run } of options.readers ?? []) {
    keep(spec, (claim, ended) => run(claim, AbortSignal.any([ended, claim.revoked, lastCall.signal])));
  }
  await started(exporters);
  const close = async () => {
    stop.abort();
    await Promise.all(running);
    await Promise.all(members.map((member) => member.leave()));
    await Promise.all(exporters.map((exporter) => exporter.close()));
  };
  try {
    await Promise.all(members.map((member) => member.begin()));
  } catch (thrown) {
    await close();
    throw thrown;
  }
  const isAlone = graph.broker.kind === "embedded";
  const watchdog = new Watchdog({ ledger, readiness: options.readiness, clock, log, isAlone, members: () => members });
  void watchdog.run(stop.signal);
  return {
    close,
    ledger,
    hurry: () => hurry.abort(),
    drained: (abort) => untilDrained(ledger, clock, abort),
    async finished(abort) {
      hurry.abort();
      lastCall.abort();
      await Promise.race([Promise.all(running), fired(abort)]);
    },
  };
}

/** Lets every exporter open what it needs; when one cannot, none stays open. */
async function started(exporters: readonly Exporter[]): Promise<void> {
  try {
    for (const exporter of exporters) await exporter.start?.();
  } catch (thrown) {
    await Promise.all(exporters.map((exporter) => exporter.close()));
    throw thrown;
  }
}

/** The items of a record that does not say; one for bytes that are no OTLP, so that their loss has a number. */
function countForeign(signal: Carried, value: Uint8Array): number {
  try {
    return signal === "profiles" ? countProfiles(value) : countItems(signal, value);
  } catch (thrown) {
    if (thrown instanceof WireError) return 1;
    throw thrown;
  }
}

async function countClaims(graph: Graph, broker: Broker): Promise<number> {
  let claims = 0;
  for (const pipeline of graph.pipelines)
    claims += (await broker.partitions(RAW_TOPICS[pipeline.signal])) * (1 + pipeline.exporters.length);
  return claims;
}

/** A membership that joins again after a failure, so that one bad moment of one group stays its own. */
class KeptMember {
  readonly #spec: GroupSpec;
  readonly #run: (claim: Claim) => Promise<void>;
  readonly #around: WorkerOptions;
  readonly #stop: AbortSignal;
  /** A record that cannot be read fails its group with every join. */
  readonly #failures: Recurring;
  readonly #refusals: Recurring;
  #member: Member | undefined;
  #rejoining: Promise<void> = Promise.resolve();

  constructor(spec: GroupSpec, run: (claim: Claim) => Promise<void>, around: WorkerOptions, stop: AbortSignal) {
    this.#spec = spec;
    this.#run = run;
    this.#around = around;
    this.#stop = stop;
    this.#failures = new Recurring(around.log, around.clock, "error");
    this.#refusals = new Recurring(around.log, around.clock, "error");
  }

  /** Joins for the first time, later when the group cannot be reached now. Throws every other Fault. */
  async begin(): Promise<void> {
    try {
      await this.#join();
    } catch (thrown) {
      const fault = Fault.from(thrown);
      if (fault.code !== "unavailable") throw fault;
      this.#refused(fault);
      this.#rejoining = this.#rejoin();
    }
  }

  async #join(): Promise<void> {
    const { broker, readiness } = this.#around;
    const { group } = this.#spec;
    this.#member = await broker.join(this.#spec, this.#run, (fault) => {
      this.#failures.happened("a group failed and will be joined again", { group, fault });
      readiness.lacks(`group ${group}`, `${group} to run again`);
      this.#rejoining = this.#rejoin();
    });
    this.#refusals.over("the group is joined", { group });
    readiness.holds(`group ${group}`);
  }

  #refused(fault: Fault): void {
    const { group } = this.#spec;
    this.#refusals.happened("a group cannot be joined; trying again until it can", { group, fault });
    this.#around.readiness.lacks(`group ${group}`, `${group} to be joined`);
  }

  async #rejoin(): Promise<void> {
    await this.#member?.leave();
    while (!this.#stop.aborted) {
      await sleep(this.#around.clock, REJOIN_MS, this.#stop);
      if (this.#stop.aborted) return;
      try {
        return await this.#join();
      } catch (thrown) {
        this.#refused(Fault.from(thrown));
      }
    }
  }

  get group(): string {
    return this.#spec.group;
  }

  /** True as well while it is not joined at all, which readiness says by itself. */
  get isMember(): boolean {
    return this.#member?.isMember?.() ?? true;
  }

  async leave(): Promise<void> {
    await this.#rejoining;
    await this.#member?.leave();
  }
}

/** How often the drain looks at the log, milliseconds. */
const DRAIN_POLL_MS = 20;

async function untilDrained(ledger: Ledger, clock: Clock, abort: AbortSignal): Promise<void> {
  while (!abort.aborted && !(await ledger.isDrained())) await sleep(clock, DRAIN_POLL_MS, abort);
}
