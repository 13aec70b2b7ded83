/** What is to be written next: samples of enriched records that something reads, by tenant and slot, as blocks. */
import { type LogRecord, tryEnrichedHeaders } from "@rondo/broker";
import type { Clock } from "@rondo/core";
import type { Registry } from "@rondo/monitor";
import { WireError } from "@rondo/otlp";
import { createTranslator, type Translator, type TranslatorOptions } from "@rondo/prometheus";
import { SLOT_MS, slotAt } from "./slot.ts";
import { type LabelledSeries, SlotEncoder } from "./slot-encoder.ts";
import type { SlotAppend, SlotKey } from "./store.ts";
import type { WindowSelectors } from "./window-selectors.ts";

/** Farthest that a sample's time may lie ahead of now, milliseconds; what is farther has a wrong clock. */
export const AHEAD_MS = 600_000;

/** A block is ended when it has this many bytes. */
const BLOCK_BYTES = 1 << 20;

/** Slots whose dictionaries are remembered at a time; it takes very late samples to need more. */
const MAX_OPEN_SLOTS = 256;

/** What decides over samples. */
export interface GatherOptions {
  readonly selectors: WindowSelectors;
  /** How much later than its own time a sample may arrive beyond the reach of what reads it, milliseconds. */
  readonly latenessMs: number;
  readonly clock: Clock;
  readonly registry: Registry;
  /** How rules see names and labels; as the Collector's exporters make them when absent. */
  readonly translation?: TranslatorOptions;
}

interface OpenSlot {
  readonly key: SlotKey;
  readonly encoder: SlotEncoder;
}

/** Samples of one partition. */
export class GatheredSamples {
  readonly #options: GatherOptions;
  readonly #partition: number;
  readonly #translator: Translator;
  /** In the order in which they were opened. */
  readonly #open = new Map<string, OpenSlot>();
  /** The last sample's: the next one is most often of the same. */
  #last: OpenSlot | undefined;
  #ended: SlotAppend[] = [];
  #endedBytes = 0;

  constructor(partition: number, options: GatherOptions) {
    this.#partition = partition;
    this.#options = options;
    this.#translator = createTranslator(options.translation);
  }

  /** About how many bytes `take` would give. */
  get bytes(): number {
    let bytes = this.#endedBytes;
    for (const { encoder } of this.#open.values()) bytes += encoder.bytes;
    return bytes;
  }

  /** Adds what is to be kept of an enriched record. What cannot be read of it is passed over: it would never become readable. */
  add(record: LogRecord): void {
    const headers = tryEnrichedHeaders(record);
    if (headers === undefined || headers.items === 0) return;
    const { tenant } = headers;
    const { selectors, latenessMs, clock, registry } = this.#options;
    // The present, not the record's time: what is too old to be read by now is not worth writing, however it comes so late.
    const now = clock.now();
    const count = { kept: 0, unread: 0, too_old: 0, too_new: 0, malformed: 0 };
    const sample = (series: LabelledSeries, time: number, value: number) => {
      const reach = selectors.reachOf(tenant, series);
      if (reach === 0) count.unread++;
      else if (time < now - reach - latenessMs) count.too_old++;
      else if (time > now + AHEAD_MS) count.too_new++;
      else {
        count.kept++;
        this.#slot(tenant, slotAt(time)).add(series, time, value);
      }
    };
    try {
      this.#translator.translate(record.value, { sample });
    } catch (thrown) {
      if (!(thrown instanceof WireError)) throw thrown;
      count.malformed++;
    }
    for (const [outcome, samples] of Object.entries(count)) {
      if (samples > 0) registry.counter("rondo_windows_samples_total", { tenant, outcome }).add(samples);
    }
  }

  /** Everything that was added since the last time. */
  take(): readonly SlotAppend[] {
    // A slot that has ended and got nothing will hardly get more; when it does, its labels are written again.
    const ending = this.#options.clock.now() - 2 * SLOT_MS;
    for (const [name, slot] of this.#open) {
      if (!this.#end(slot) && slot.key.slot < ending) this.#open.delete(name);
    }
    this.#last = undefined;
    const taken = this.#ended;
    this.#ended = [];
    this.#endedBytes = 0;
    return taken;
  }

  /** Forgets what was added and what stands in the slots: somebody else may have written there. */
  forget(): void {
    this.#open.clear();
    this.#last = undefined;
    this.#ended = [];
    this.#endedBytes = 0;
  }

  #slot(tenant: string, slot: number): SlotEncoder {
    const last = this.#last;
    // One request most often holds one moment of many series.
    const open = last?.key.slot === slot && last.key.tenant === tenant ? last : this.#openSlot(tenant, slot);
    this.#last = open;
    if (open.encoder.bytes >= BLOCK_BYTES) this.#end(open);
    return open.encoder;
  }

  /** The slot's encoder, with its dictionary; another one where it was let go of. */
  #openSlot(tenant: string, slot: number): OpenSlot {
    const name = `${slot}/${tenant}`;
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    const opened = { key: { tenant, partition: this.#partition, slot }, encoder: new SlotEncoder(slot) };
    this.#open.set(name, opened);
    const [oldest] = this.#open;
    if (oldest !== undefined && this.#open.size > MAX_OPEN_SLOTS) {
      this.#end(oldest[1]);
      this.#open.delete(oldest[0]);
    }
    return opened;
  }

  /** Ends the slot's block; false when it has none. */
  #end({ key, encoder }: OpenSlot): boolean {
    const block = encoder.block();
    if (block === undefined) return false;
    this.#ended.push({ ...key, block });
    this.#endedBytes += block.length;
    return true;
  }
}
