/**
 * The window store: samples by tenant, partition and slot of event time, appended by one writer a partition and read by any
 * number of alert workers. Two stores implement it – redis/ and embedded/ (LMDB) – and one contract suite holds both.
 * It may be lost at any time: a partition whose `next` is gone is refilled from the enriched topic.
 */

/** A window of event time of one partition. */
export interface SlotKey {
  readonly tenant: string;
  readonly partition: number;
  /** Start of the slot, milliseconds since the epoch, a multiple of `SLOT_MS` of slot.ts. */
  readonly slot: number;
}

/** Bytes to be appended to a slot: whole blocks of samples. */
export interface SlotAppend extends SlotKey {
  readonly block: Uint8Array;
}

/** How far a partition's writer is, as the writer says it. */
export interface PartitionProgress {
  /** Ingest time up to which everything is in the windows, milliseconds since the epoch (rules of the log 11). */
  readonly watermark: number;
  /** Whether the partition is being refilled, so that what is missing may only be missing yet. */
  readonly warming: boolean;
  /** What the writer keeps, as a fingerprint: a writer that keeps something else refills. */
  readonly keeps: string;
}

/** How far a partition's writer is, as the store knows it. */
export interface PartitionMark extends PartitionProgress {
  /** The enriched offset that the next write must begin at. */
  readonly next: number;
  /** Another one after every beginning: what was read under an earlier one is void. */
  readonly epoch: string;
}

/** One write: the enriched offsets `[from, to)`, what they add, and how the partition then stands. */
export interface WindowWrite extends PartitionProgress {
  readonly partition: number;
  /** Must equal the partition's `next`; undefined begins a partition that has none. */
  readonly from: number | undefined;
  /** The partition's `next` after it; lower than `from` where a writer goes back to refill. */
  readonly to: number;
  readonly appends: readonly SlotAppend[];
}

/** Whether a write was applied; refused, `next` is where the partition stands (undefined: it has been lost). */
export type WindowVerdict = { readonly applied: true } | { readonly applied: false; readonly next: number | undefined };

/** A slot that there is, and how long it is by now. */
export interface SlotSize {
  readonly slot: number;
  readonly bytes: number;
}

/** A store of windows. Methods throw a Fault `unavailable` when later will do, `config` when the store must not be used as it is set up. */
export interface WindowStore {
  /** Applies a write as a whole if its `from` is the partition's `next`, and renews the expiry of every slot that it appends to. */
  write(write: WindowWrite): Promise<WindowVerdict>;
  /** How a partition stands; undefined when nothing is known of it. */
  mark(partition: number): Promise<PartitionMark | undefined>;
  /** The slots of a tenant and partition that there are from `from` (a slot start) on, in order, with their bytes so far. */
  slots(tenant: string, partition: number, from: number): Promise<readonly SlotSize[]>;
  /** Up to `maxBytes` of a slot from `offset` on; empty when there are none. */
  read(key: SlotKey, offset: number, maxBytes: number): Promise<Uint8Array>;
  /** Forgets slots that ended before `before`; a store whose slots expire by themselves does nothing. */
  expire(before: number): Promise<void>;
  close(): Promise<void>;
}
