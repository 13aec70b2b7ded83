/** Follows the slots of one tenant in one partition: each read brings what was appended since. */
import { Fault } from "@rondo/core";
import type { Labels } from "@rondo/promql";
import { slotAt } from "./slot.ts";
import { SlotDecoder, type TakeSample } from "./slot-decoder.ts";
import { MAX_BLOCK_BYTES } from "./slot-encoder.ts";
import type { PartitionMark, SlotSize, WindowStore } from "./store.ts";

/** A length takes up to four bytes; with them the longest block always fits one read. */
const READ_BYTES = MAX_BLOCK_BYTES + 8;

/** How often a partition that is lost while it is read is read again before that is left to the next time. */
const ATTEMPTS = 3;

/** What a tail follows, and what it holds series in. */
export interface TailOptions<S> {
  readonly store: WindowStore;
  readonly tenant: string;
  readonly partition: number;
  readonly define: (labels: Labels) => S;
  readonly take: TakeSample<S>;
}

interface OpenSlot<S> {
  offset: number;
  readonly decoder: SlotDecoder<S>;
}

/** The place in each slot up to which samples were taken. A sample may be taken more than once. */
export class PartitionTail<S> {
  readonly #options: TailOptions<S>;
  readonly #slots = new Map<number, OpenSlot<S>>();
  #epoch: string | undefined;

  constructor(options: TailOptions<S>) {
    this.#options = options;
  }

  /**
   * Takes everything that the slots of times since `since` have beyond what was taken, and returns the mark for which that is
   * true; undefined when the partition has none. Throws what the store throws, and a Fault `corrupt` when slots cannot be read.
   */
  async refresh(since: number): Promise<PartitionMark | undefined> {
    const { store, partition } = this.#options;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const mark = await store.mark(partition);
      this.#enter(mark?.epoch);
      if (mark === undefined) return undefined;
      const broken = await this.#read(slotAt(since));
      const after = await store.mark(partition);
      // What was read belongs to no epoch when the store lost everything meanwhile.
      if (after?.epoch !== mark.epoch) continue;
      if (broken !== undefined) throw broken;
      return mark;
    }
    return undefined;
  }

  /** Windows of another epoch begin anew. What was taken stays true: a loss makes no sample wrong. */
  #enter(epoch: string | undefined): void {
    if (epoch !== this.#epoch) this.#slots.clear();
    this.#epoch = epoch;
  }

  /** Reads all slots; what they say wrong is returned, because it may only be that they are others by now. */
  async #read(first: number): Promise<Fault | undefined> {
    const { store, tenant, partition } = this.#options;
    // What lies before is trimmed in memory too: nobody asks for it again.
    for (const slot of this.#slots.keys()) if (slot < first) this.#slots.delete(slot);
    try {
      for (const size of await store.slots(tenant, partition, first)) await this.#readSlot(size);
      return undefined;
    } catch (thrown) {
      if (thrown instanceof Fault && thrown.code === "corrupt") return thrown;
      throw thrown;
    }
  }

  async #readSlot({ slot, bytes }: SlotSize): Promise<void> {
    const { store, tenant, partition } = this.#options;
    const open = this.#open(slot, bytes);
    while (open.offset < bytes) {
      const chunk = await store.read({ tenant, partition, slot }, open.offset, READ_BYTES);
      const taken = this.#decode(slot, open, chunk);
      // It ran out since it was listed, or is being lost.
      if (taken === 0) return;
      open.offset += taken;
    }
  }

  /** A decoder that threw has gone on while its place has not: the slot is then read from its beginning. */
  #decode(slot: number, { decoder }: OpenSlot<S>, chunk: Uint8Array): number {
    try {
      return decoder.decode(chunk, this.#options.take);
    } catch (thrown) {
      this.#slots.delete(slot);
      throw thrown;
    }
  }

  /** A slot that is shorter than it was is another one of the same time. */
  #open(slot: number, bytes: number): OpenSlot<S> {
    const known = this.#slots.get(slot);
    if (known !== undefined && known.offset <= bytes) return known;
    const opened = { offset: 0, decoder: new SlotDecoder(slot, this.#options.define) };
    this.#slots.set(slot, opened);
    return opened;
  }
}
