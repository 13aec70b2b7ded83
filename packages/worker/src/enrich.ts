/**
 * One raw record in, its enriched records out: the processors of a pipeline run in order on the wire bytes, what each of
 * them takes away is named, and the result is cut to what a record may hold. A pure function of the record, and of those before it
 * as far as a processor keeps state, so that a rerun after a crash gives the same bytes. Rules of the log 3 and 5.
 */
import {
  enrichedHeaders,
  type LogRecord,
  type RawHeaders,
  type RecordAccount,
  type WholeRecord,
  writeOrigin,
} from "@rondo/broker";
import {
  type Batch,
  type DropReason,
  Fault,
  free,
  type KeepingProcessor,
  META_BYTES,
  type Meta,
  type Part,
  type Processed,
  type Processor,
} from "@rondo/core";
import {
  type Carried,
  countItems,
  FlawedItems,
  removeItems,
  repeatedBytes,
  type Signal,
  splitRequest,
  validateRequest,
  WireError,
} from "@rondo/otlp";

/** A processor instance with the id that the account names it by. */
export interface Stage {
  readonly id: string;
  readonly processor: Processor | KeepingProcessor;
  /** It keeps state, so that the same batch twice is not the same thing twice. */
  readonly keeps?: true;
}

/** What one raw record became. */
export interface Enriched {
  readonly records: readonly WholeRecord[];
  readonly account: RecordAccount;
  /** Items in `records`. */
  readonly forwarded: number;
  /** The record is to be set aside as it came: nothing of it is in `records`. */
  readonly poison?: Poison;
}

/** Why a record cannot be enriched, now or ever. */
export interface Poison {
  readonly reason: DropReason;
  readonly detail: string;
}

/** What a pipeline does to the records of one signal. */
export interface EnrichOptions {
  readonly signal: Carried;
  /** None for profiles, which no processor reads. */
  readonly stages: readonly Stage[];
  /** Ids of the pipeline's receivers; records of others pass through it as empty ones. */
  readonly receivers: ReadonlySet<string>;
  /** The largest value of an enriched record, bytes. */
  readonly maxRecordBytes: number;
  /** The keys of client metadata that the pipeline's exporters read; absent: none. */
  readonly sentMetadata?: readonly string[];
}

/** Room that is left for the record's headers and framing under the broker's limit, bytes. */
const FRAMING_RESERVE = 4096 + META_BYTES;

/** Runs a pipeline over one raw record. Never throws for what is in the record. */
export function enrich(record: LogRecord, partition: number, raw: RawHeaders, options: EnrichOptions): Enriched {
  const mine = options.receivers.has(raw.via) && raw.items > 0;
  if (!mine) return bare(record, partition, raw, { entered: 0, created: 0, dropped: {} });
  const { parts, tally, poison } = enrichItems(record, raw, options);
  if (poison !== undefined) return setAside(record, partition, raw, poison);
  const account: RecordAccount = { entered: raw.items, created: tally.created, dropped: tally.drops() };
  const meta = raw.meta && sentOf(raw.meta, options.sentMetadata ?? []);
  const headers = { tenant: raw.tenant, ...(meta && { meta }) };
  return { records: toRecords(parts, record, partition, headers, account), account, forwarded: sumItems(parts) };
}

/** What a record comes to that is set aside whole: an empty record that says so, for a letter that stands in the log before it. */
export function setAside(
  record: LogRecord,
  partition: number,
  { tenant, items }: Pick<RawHeaders, "tenant" | "items">,
  poison: Poison,
): Enriched {
  const account = { entered: items, created: 0, dropped: {}, deadLettered: items };
  return { ...bare(record, partition, { tenant }, account), poison };
}

function bare(
  record: LogRecord,
  partition: number,
  { tenant }: Pick<RawHeaders, "tenant">,
  account: RecordAccount,
): Enriched {
  return { records: toRecords([], record, partition, { tenant }, account), account, forwarded: 0 };
}

/** What exporters see of a client's metadata: what they do not read must not keep their requests apart. */
function sentOf(meta: Meta, keys: readonly string[]): Meta | undefined {
  const sent = Object.entries(meta).filter(([key]) => keys.includes(key));
  return sent.length === 0 ? undefined : Object.fromEntries(sent);
}

function enrichItems(record: LogRecord, raw: RawHeaders, options: EnrichOptions) {
  const tally = new Tally();
  if (record.value.length === 0) return { parts: [], tally, poison: EMPTY };
  try {
    return { parts: cut(runStages(record, raw, options, tally), options, tally), tally };
  } catch (thrown) {
    return { parts: [], tally, poison: poisonOf(thrown) };
  }
}

/** As Kafka reads a null, which nobody writes who has items. */
const EMPTY: Poison = { reason: "unreadable_record", detail: "the record says that it has items, and has no value" };

/** Bytes that are no OTLP are the record's own fault, which is found out late where processors looked at other fields. */
function poisonOf(thrown: unknown): Poison {
  if (thrown instanceof WireError) return { reason: "invalid_item", detail: thrown.message };
  return { reason: "processor_failed", detail: Fault.from(thrown).message };
}

function runStages(record: LogRecord, raw: RawHeaders, { signal, stages }: EnrichOptions, tally: Tally): Part[] {
  if (signal === "profiles") return [{ items: raw.items, body: record.value }];
  let parts: Part[] = [soundItems(record, raw, signal, tally)];
  for (const stage of stages) {
    const { id } = stage;
    const entered = sumItems(parts);
    const left: Part[] = [];
    let named = 0;
    for (const part of parts) {
      const batch: Batch<Signal> = {
        signal,
        tenant: raw.tenant,
        via: raw.via,
        ...part,
        ...(raw.meta && { meta: raw.meta }),
      };
      const processed = processWhole(stage, batch, record.timestamp);
      left.push(...processed.parts.filter(({ items }) => items > 0));
      for (const { reason, items } of processed.drops ?? []) {
        named += items;
        tally.drop(`${id}/${reason}`, items);
      }
    }
    tally.explain(id, entered, sumItems(left) + named);
    freeBetween(parts, record.value, left);
    parts = left;
  }
  // What a processor says it left is believed only after counting, which costs nanoseconds an item.
  return parts.map((part) => (part.body === record.value ? part : recount(signal, part, tally)));
}

/**
 * The record without the items that no reader could read, or no backend would take: the gateway has only looked at their own fields,
 * and a foreign producer's records nobody has seen. Throws WireError where it cannot be said which items those are.
 */
function soundItems({ value }: LogRecord, { items }: RawHeaders, signal: Signal, tally: Tally): Part {
  const flawed = new FlawedItems();
  const found = validateRequest(signal, value, flawed, "items");
  // A foreign producer's header may say anything: from here on the items are those that are there.
  tally.explain("pipeline", items, found);
  if (!flawed.any) return { items: found, body: value };
  tally.drop("pipeline/invalid_item", flawed.count);
  return { items: found - flawed.count, body: removeItems(signal, value, (index) => flawed.has(index)) };
}

/** A processor without state is a function of the batch, so that a second failure is what every later one would be. */
function processWhole({ id, processor, keeps }: Stage, batch: Batch<Signal>, at: number): Processed {
  try {
    return processor.process(batch, at);
  } catch (first) {
    try {
      if (keeps) throw first;
      return processor.process(batch, at);
    } catch (thrown) {
      if (thrown instanceof WireError) throw thrown;
      const { message } = Fault.from(thrown);
      throw new Fault("bug", `processor ${id}: ${message}`, { cause: thrown });
    }
  }
}

/**
 * Gives back what one processor made and the next has replaced: a pure function keeps nothing of what it was given. Only when it has
 * had all of it, since parts may share their memory.
 */
function freeBetween(replaced: readonly Part[], raw: Uint8Array, left: readonly Part[]): void {
  const inUse = new Set([raw.buffer, ...left.map(({ body }) => body.buffer)]);
  for (const { body } of replaced) if (!inUse.has(body.buffer)) free(body);
}

function recount(signal: Signal, part: Part, tally: Tally): Part {
  const items = countItems(signal, part.body);
  tally.explain("pipeline", part.items, items);
  return { ...part, items };
}

function cut(parts: readonly Part[], { signal, maxRecordBytes }: EnrichOptions, tally: Tally): Part[] {
  const maxBytes = maxRecordBytes - FRAMING_RESERVE;
  const fitting: Part[] = [];
  for (const part of parts) {
    for (const piece of piecesOf(part, signal, maxBytes)) {
      if (piece.body.length <= maxBytes) fitting.push(piece);
      else tally.drop("pipeline/item_too_large", piece.items);
    }
  }
  return fitting;
}

function piecesOf(part: Part, signal: Carried, maxBytes: number): readonly Part[] {
  // Profiles refer to what stands beside them: no piece of them means what the whole does.
  if (part.body.length <= maxBytes || signal === "profiles") return [part];
  // As in the gateway: pieces of little else than what each of them repeats would be so many times the record.
  if (repeatedBytes(signal, part.body) > maxBytes / 2) return [part];
  return splitRequest(signal, part.body, { maxItems: 0, maxBytes });
}

function toRecords(
  parts: readonly Part[],
  record: LogRecord,
  partition: number,
  { tenant, meta }: Pick<RawHeaders, "tenant" | "meta">,
  account: RecordAccount,
): WholeRecord[] {
  const pieces = parts.length === 0 ? [{ items: 0, body: new Uint8Array() }] : parts;
  const seen = new Set([record.value.buffer]);
  const shared = new Set([record.value.buffer]);
  for (const { body } of pieces) (seen.has(body.buffer) ? shared : seen).add(body.buffer);
  return pieces.map(({ items, body }, part) => ({
    headers: enrichedHeaders({
      tenant,
      items,
      origin: writeOrigin({ partition, offset: record.offset, part, parts: pieces.length }),
      at: record.timestamp,
      ...(part === 0 && { account }),
      ...(items > 0 && meta && { meta }),
    }),
    value: body,
    // What the processors made belongs to nobody else; what they left as it is, is the raw record's, and parts may share theirs.
    ...(!shared.has(body.buffer) && { given: true }),
  }));
}

/** What happened to the items of one record besides being forwarded. */
class Tally {
  readonly #drops = new Map<string, number>();
  created = 0;

  /** A flawed container without items, or a piece of nothing but unknown fields, is no row of the account. */
  drop(key: string, items: number): void {
    if (items > 0) this.#drops.set(key, (this.#drops.get(key) ?? 0) + items);
  }

  /** Books the difference that nobody declared: what vanished as unexplained, what came from nothing as created. */
  explain(id: string, entered: number, named: number): void {
    if (named < entered) this.drop(`${id}/unexplained`, entered - named);
    else this.created += named - entered;
  }

  drops(): Record<string, number> {
    return Object.fromEntries(this.#drops);
  }
}

function sumItems(parts: readonly Part[]): number {
  return parts.reduce((sum, { items }) => sum + items, 0);
}
