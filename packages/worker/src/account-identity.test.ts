/** Whatever happens to an exporter, in any order, its account is true at every commit: crashes, renames, removal, a dropped backlog. */
import { enrichedHeaders, type LogRecord, readEnrichedHeaders } from "@rondo/broker";
import type { PipelineNode } from "@rondo/config";
import { silentLog, systemClock } from "@rondo/core";
import { type MemoryBroker, memoryBroker } from "@rondo/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Entry, PartitionAccount } from "./account.ts";
import { dropBacklog, reviveGroups } from "./drop-backlog.ts";
import { exporterSpec, holdRenames, type NamedPipeline, topicOfPipeline } from "./groups.ts";
import { encodeTotals, loadTotals, sumDrops, totalsKey } from "./totals.ts";

const TENANTS = ["a", "b"] as const;

type Step =
  | { readonly kind: "append"; readonly items: number; readonly tenant: (typeof TENANTS)[number] }
  | { readonly kind: "settle"; readonly which: number; readonly dropped: number; readonly deadLettered: number }
  | { readonly kind: "read" | "commit" | "crash" | "rename" | "remove" };

const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("append" as const),
        items: fc.nat(9),
        tenant: fc.constantFrom(...TENANTS),
      }),
    },
    { weight: 4, arbitrary: fc.constant<Step>({ kind: "read" }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("settle" as const),
        which: fc.nat(99),
        dropped: fc.nat(9),
        deadLettered: fc.nat(9),
      }),
    },
    { weight: 2, arbitrary: fc.constant<Step>({ kind: "commit" }) },
    { weight: 1, arbitrary: fc.constantFrom<Step>({ kind: "crash" }, { kind: "rename" }, { kind: "remove" }) },
  ),
  { maxLength: 60 },
);

/** One exporter on one partition, with what its reader would do taken apart into steps. */
class Exporter {
  readonly #broker: MemoryBroker;
  #name: { readonly id: string; readonly renamedFrom?: string } = { id: "first" };
  #renames = 0;
  #account = new PartitionAccount(0, {});
  #open: Entry[] = [];
  #appended = 0;

  constructor(broker: MemoryBroker) {
    this.#broker = broker;
  }

  get #pipeline(): NamedPipeline {
    // Nothing here looks at types or values.
    const exporters = [this.#name] as unknown as PipelineNode["exporters"];
    return { id: "traces", signal: "traces", exporters };
  }

  get #spec() {
    return exporterSpec(this.#pipeline, this.#name.id);
  }

  async begin(): Promise<void> {
    await this.#broker.ensureTopics([{ name: topicOfPipeline(this.#pipeline) }]);
    await this.#broker.registerGroup(this.#spec);
  }

  async run(step: Step): Promise<void> {
    if (step.kind === "append") {
      const origin = `0:${this.#appended++}:0/1`;
      const headers = enrichedHeaders({ tenant: step.tenant, items: step.items, origin, at: 1 });
      await this.#broker.append(this.#spec.topic, 0, [{ headers, value: new Uint8Array(1) }]);
    } else if (step.kind === "read") await this.#read();
    else if (step.kind === "settle") this.#settle(step);
    else if (step.kind === "commit") await this.#commit();
    else {
      if (step.kind === "remove") await this.#remove();
      if (step.kind === "rename") this.#name = { id: `renamed/${++this.#renames}`, renamedFrom: "first" };
      await this.#restart();
    }
    await this.check();
  }

  async #read(): Promise<void> {
    const [record] = await this.#broker.read(this.#spec.topic, 0, this.#account.next, 1);
    if (record === undefined) return;
    const { tenant, items } = readEnrichedHeaders(record);
    this.#open.push(this.#account.enter(record.offset, tenant, items));
  }

  #settle({ which, dropped: wanted, deadLettered: aside }: Extract<Step, { kind: "settle" }>): void {
    const [entry] = this.#open.splice(which % Math.max(1, this.#open.length), 1);
    if (entry === undefined) return;
    const dropped = Math.min(wanted, entry.items);
    const deadLettered = Math.min(aside, entry.items - dropped);
    this.#account.settle(entry, {
      delivered: entry.items - dropped - deadLettered,
      deadLettered,
      dropped: { [`${this.#name.id}/invalid_item`]: dropped },
    });
  }

  async #commit(): Promise<void> {
    const value = encodeTotals({ offset: this.#account.low, rows: this.#account.rows() });
    await this.#broker.state.put([{ key: totalsKey(this.#spec.group, 0), value }]);
  }

  /** What was in hand is nobody's: the next process begins with what was committed. */
  async #restart(): Promise<void> {
    await holdRenames({ pipelines: [this.#pipeline as PipelineNode] }, this.#broker);
    const totals = await loadTotals(this.#broker.state, this.#spec.group, 0);
    this.#account = new PartitionAccount(totals?.offset ?? 0, totals?.rows ?? {});
    this.#open = [];
  }

  async #remove(): Promise<void> {
    const abort = new AbortController().signal;
    await dropBacklog(this.#spec, { broker: this.#broker, clock: systemClock, log: silentLog, abort });
    await reviveGroups(this.#broker.state, [this.#spec]);
  }

  /** Every row names all its items, and what entered is what stands in the log below the offset that the rows are true for. */
  async check(): Promise<void> {
    const totals = await loadTotals(this.#broker.state, this.#spec.group, 0);
    const below = this.#broker.records(this.#spec.topic).filter(({ offset }) => offset < (totals?.offset ?? 0));
    for (const tenant of TENANTS) {
      const row = totals?.rows[tenant];
      expect(row?.entered ?? 0).toBe(itemsOfTenant(below, tenant));
      if (row === undefined) continue;
      expect(row.delivered + row.deadLettered + sumDrops(row.dropped)).toBe(row.entered);
    }
  }

  async finish(): Promise<void> {
    for (const _ of this.#broker.records(this.#spec.topic)) await this.#read();
    while (this.#open.length > 0) this.#settle({ kind: "settle", which: 0, dropped: 0, deadLettered: 0 });
    await this.#commit();
    await this.check();
    const totals = await loadTotals(this.#broker.state, this.#spec.group, 0);
    expect(totals?.offset).toBe(this.#broker.records(this.#spec.topic).length);
  }
}

function itemsOfTenant(records: readonly LogRecord[], tenant: string): number {
  return records
    .map(readEnrichedHeaders)
    .reduce((sum, headers) => sum + (headers.tenant === tenant ? headers.items : 0), 0);
}

test("the account is true at every commit, and whole in the end", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      const exporter = new Exporter(memoryBroker());
      await exporter.begin();
      for (const step of sequence) await exporter.run(step);
      await exporter.finish();
    }),
    { numRuns: 100 },
  );
}, 60_000);
