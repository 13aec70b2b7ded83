/**
 * Joins small requests into the log's records: one lane per partition, one append in flight per lane, and the next record gathers
 * meanwhile. Requests of one tenant, receiver and client metadata stay in the order of their arrival; tenants take turns (see
 * fair-queue.ts), so that one's pile is not the other's wait. Rules of the log 1 and 3.
 */
import {
  type Appended,
  type Headers,
  itemsHeader,
  type NewRecord,
  rawHeaders,
  recordBytes,
  valuePieces,
  wholeValue,
} from "@rondo/broker";
import { type Clock, Fault, free, type Meta } from "@rondo/core";
import { type FairQueue, fairQueue } from "./fair-queue.ts";

/** How records are cut. */
export interface BatchLimits {
  /** A record of this many bytes goes at once. */
  readonly targetBytes: number;
  /** No record grows beyond this by joining. */
  readonly recordBytes: number;
  /** One append carries at most this many bytes, headers included, or a single record. */
  readonly appendBytes: number;
  /** A smaller record waits this long for company, milliseconds. */
  readonly lingerMs: number;
  /** How many times the bytes of others a tenant may write while several wait; absent: all are alike. */
  readonly weightOf?: (tenant: string) => number;
}

/** The limits of rules of the log 1; the linger and the weights are configured. */
export const BATCH_LIMITS: Omit<BatchLimits, "lingerMs" | "weightOf"> = {
  targetBytes: 256 << 10,
  recordBytes: 900 << 10,
  appendBytes: 2 << 20,
};

/**
 * Pieces of so many bytes and more, in the mean, stay where they are: the log writes each from there. To copy smaller ones into one
 * costs less than to write many.
 */
const PIECE_BYTES = 16 << 10;

/** One request, or its share of one partition. */
export interface Piece {
  readonly topic: string;
  readonly partition: number;
  readonly tenant: string;
  readonly via: string;
  readonly meta?: Meta | undefined;
  readonly items: number;
  /** Belongs to the batcher from then on, which frees its memory when it has been joined into a record, or when the log returns it. */
  readonly body: Uint8Array;
  /** Must be a record of its own: joined with others, its bytes would mean something else. */
  readonly alone?: true;
}

/** Submits pieces, and flushes them. */
export interface Batcher {
  /**
   * Calls `settled` once, later: without a Fault when the piece is durable, else with one, and then it is gone, its memory with it.
   * The function that is returned takes the piece back if no append has begun for it, which is a Fault `aborted`; else it does nothing.
   */
  submit(piece: Piece, settled: (fault?: Fault) => void): () => void;
  /** From now on nothing lingers: everything gathered goes at once. */
  hurry(): void;
  /** Pieces that are neither durable nor failed. */
  readonly pending: number;
}

/** What the batcher asks of the log. */
export type Append = (
  topic: string,
  partition: number,
  records: readonly NewRecord[],
) => Promise<Pick<Appended, "returned">>;

interface Entry {
  readonly piece: Piece;
  readonly settled: (fault?: Fault) => void;
}

/** A record being gathered. A set, because a piece may be withdrawn from the middle. */
interface Gathering {
  /** Whose it is: the receiver, the tenant and the client metadata, of which a record has one value. */
  readonly key: string;
  readonly entries: Set<Entry>;
  readonly due: number;
  /** The record's, but for the number of its items. */
  readonly headers: Headers;
  /** What the record takes in an append beside the pieces, and with them. */
  readonly headerBytes: number;
  bytes: number;
  sealed: boolean;
  /** Left the queue: its append has begun. */
  begun: boolean;
}

interface Lane {
  readonly topic: string;
  readonly partition: number;
  /** Of one tenant in the order of their first piece; the last one of a key is open while it is not sealed. */
  readonly queue: FairQueue<Gathering>;
  readonly open: Map<string, Gathering>;
  busy: boolean;
  wake: (() => void) | undefined;
}

/** Makes a batcher over `append`. Its memory is bounded by the admission account: it holds only what was admitted. */
export function batcher(append: Append, clock: Clock, limits: BatchLimits): Batcher {
  const { weightOf = () => 1 } = limits;
  const lanes: Lane[] = [];
  /** By topic and partition. */
  const laneAt = new Map<string, Lane[]>();
  let hurried = false;
  let pending = 0;

  const laneOf = (topic: string, partition: number): Lane => {
    const ofTopic = laneAt.get(topic) ?? [];
    const found = ofTopic[partition];
    if (found !== undefined) return found;
    const made: Lane = {
      topic,
      partition,
      queue: fairQueue(limits.targetBytes, weightOf),
      open: new Map(),
      busy: false,
      wake: undefined,
    };
    laneAt.set(topic, ofTopic);
    ofTopic[partition] = made;
    lanes.push(made);
    return made;
  };

  const seal = (lane: Lane, gathering: Gathering) => {
    gathering.sealed = true;
    if (lane.open.get(gathering.key) === gathering) lane.open.delete(gathering.key);
  };

  const gather = (lane: Lane, { via, tenant, meta, body, alone }: Piece): Gathering => {
    const key = `${via}\n${tenant}\n${meta === undefined ? "" : JSON.stringify(meta)}`;
    const found = lane.open.get(key);
    if (found !== undefined && !alone && gatheredBytes(found) + body.length <= limits.recordBytes) return found;
    if (found !== undefined) seal(lane, found);
    const due = clock.monotonic() + limits.lingerMs;
    const headers = rawHeaders({ tenant, via, items: Number.MAX_SAFE_INTEGER, ...(meta && { meta }) });
    const headerBytes = recordBytes({ headers, value: null });
    const made: Gathering = {
      ...{ key, entries: new Set<Entry>(), due, headers, headerBytes, bytes: headerBytes },
      ...{ sealed: false, begun: false },
    };
    lane.open.set(key, made);
    lane.queue.push(tenant, made);
    return made;
  };

  /** Takes what is ripe off the queue. What is not ripe is left, also by its own successors: they are younger. */
  const ripe = (lane: Lane): Gathering[] => {
    const now = clock.monotonic();
    const taken = lane.queue.take(limits.appendBytes, ({ sealed, due }) => hurried || sealed || due <= now);
    for (const gathering of taken) {
      gathering.begun = true;
      seal(lane, gathering);
    }
    return taken.filter(({ entries }) => entries.size > 0);
  };

  const write = async (lane: Lane, taken: readonly Gathering[]) => {
    lane.busy = true;
    let fault: Fault | undefined;
    try {
      const records = taken.map(recordOf);
      const { returned } = await append(lane.topic, lane.partition, records);
      if (returned) for (const { value } of records) for (const piece of valuePieces(value)) free(piece);
    } catch (thrown) {
      fault = Fault.from(thrown, "unavailable");
    }
    lane.busy = false;
    for (const { entries } of taken) {
      pending -= entries.size;
      for (const { settled } of entries) settled(fault);
    }
    flush(lane);
  };

  const flush = (lane: Lane): void => {
    if (lane.busy) return;
    lane.wake?.();
    lane.wake = undefined;
    const taken = ripe(lane);
    if (taken.length > 0) return void write(lane, taken);
    const heads = lane.queue.heads();
    if (heads.length === 0) return;
    const due = Math.min(...heads.map((head) => head.due));
    lane.wake = clock.after(Math.max(0, due - clock.monotonic()), () => {
      lane.wake = undefined;
      flush(lane);
    });
  };

  return {
    get pending() {
      return pending;
    },
    submit(piece, settled) {
      const lane = laneOf(piece.topic, piece.partition);
      const gathering = gather(lane, piece);
      const entry: Entry = { piece, settled };
      gathering.entries.add(entry);
      const bytes = piece.body.length;
      gathering.bytes += bytes;
      pending += 1;
      if (gatheredBytes(gathering) >= limits.targetBytes || piece.alone) seal(lane, gathering);
      if (!lane.busy && (gathering.sealed || hurried || lane.wake === undefined)) flush(lane);
      return () => {
        if (gathering.begun || !gathering.entries.delete(entry)) return;
        gathering.bytes -= bytes;
        pending -= 1;
        free(piece.body);
        settled(new Fault("aborted", "the request was withdrawn before it was written"));
      };
    },
    hurry() {
      hurried = true;
      for (const lane of lanes) flush(lane);
    },
  };
}

function gatheredBytes({ bytes, headerBytes }: Gathering): number {
  return bytes - headerBytes;
}

/** One record of a gathering. Concatenated requests are one valid request: protobuf messages merge by concatenation. */
function recordOf(gathering: Gathering): NewRecord {
  const { entries } = gathering;
  let items = 0;
  let first: Piece | undefined;
  for (const { piece } of entries) {
    items += piece.items;
    first ??= piece;
  }
  if (first === undefined) throw new Fault("bug", "an empty record was about to be written");
  const headers = { ...gathering.headers, ...itemsHeader(items) };
  if (entries.size === 1) return { headers, value: first.body, given: true };
  const bodies = Array.from(entries, ({ piece }) => piece.body);
  if (gatheredBytes(gathering) >= PIECE_BYTES * entries.size) return { headers, value: bodies, given: true };
  const value = wholeValue(bodies);
  for (const body of bodies) free(body);
  return { headers, value, given: true };
}
