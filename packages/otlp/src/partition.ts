/** Splits a request by owner: every resource goes to the partition that its tenant and service, or all of it, decide. */
import { ANY, memberOf } from "./any-value.ts";
import { AttributeList, SOME_ATTRIBUTES } from "./attribute-list.ts";
import { countItems } from "./count.ts";
import { Cursor, Wire } from "./cursor.ts";
import { REQUEST, RESOURCE, RESOURCE_ATTRIBUTES } from "./layout.ts";
import { located } from "./locate.ts";
import { murmur2 } from "./murmur2.ts";
import { plainValue } from "./plain-value.ts";
import { RequestPlan } from "./request-plan.ts";
import { resourceKey } from "./resource-key.ts";
import type { Signal } from "./signal.ts";
import { merged } from "./walk.ts";
import { putVarint, varintSize, Writer } from "./writer.ts";

/** The part of a request that belongs to one partition. */
export interface PartitionPart {
  readonly partition: number;
  readonly items: number;
  readonly body: Uint8Array;
}

const utf8 = new TextEncoder();
const OWNER_KEYS = ["service.namespace", "service.name", "service.instance.id"].map((key) => utf8.encode(key));

/**
 * The request cut at resource borders into one request per partition, by ascending partition: where a resource goes follows
 * from the tenant and the service (architecture §1a.2). A request of one partition comes back untouched, as do its unknown
 * fields; those of a request that is cut stay with the first part. `items` is what `validateRequest` counted, if it was
 * asked. Throws WireError on malformed frames.
 */
export function partitionRequest(
  signal: Signal,
  body: Uint8Array,
  partitions: number,
  tenant: string,
  items?: number,
): readonly PartitionPart[] {
  const owners = new OwnerHash(body, tenant);
  return partitionResources(signal, body, partitions, (resource) => owners.hash(resource), items);
}

/**
 * The same, but where a resource goes follows from the tenant and all its attributes, in any order: `resourceKey`. Two
 * processes of one service that differ in any attribute may part.
 */
export function partitionByResource(
  signal: Signal,
  body: Uint8Array,
  partitions: number,
  tenant: string,
): readonly PartitionPart[] {
  const tenantBytes = utf8.encode(tenant);
  const out = new Writer();
  return partitionResources(signal, body, partitions, (resource) => {
    const key = resourceKey(merged(resource, RESOURCE.resource));
    return murmur2(out.rewind(0).bytes(1, tenantBytes).bytes(2, key).finish());
  });
}

/** Where a hash belongs. Kafka clears the sign rather than taking the absolute value, so that every client agrees. */
export function partitionOf(hash: number, partitions: number): number {
  return (hash & 0x7fffffff) % partitions;
}

/** Cuts at resource borders; `hash` gets a cursor on the ResourceSpans, ResourceMetrics or ResourceLogs. */
function partitionResources(
  signal: Signal,
  body: Uint8Array,
  partitions: number,
  hash: (resource: Cursor) => number,
  items?: number,
): readonly PartitionPart[] {
  if (partitions === 1) return [{ partition: 0, items: items ?? countItems(signal, body), body }];
  return located(signal, body, () => {
    const only = onlyPartition(body, partitions, hash);
    if (only !== undefined) return [{ partition: only, items: items ?? countItems(signal, body), body }];
    const parts = new Map<number, RequestPlan>();
    const request = new Cursor(body);
    const strays = new RequestPlan(body);
    while (request.next()) {
      if (!request.is(REQUEST.resources, Wire.bytes)) {
        strays.add([], request.at, request.stop, 0);
        continue;
      }
      const partition = partitionOf(hash(request), partitions);
      const plan = parts.get(partition) ?? new RequestPlan(body);
      parts.set(partition, plan);
      // The items are counted when the part is whole, all in one go.
      plan.add([], request.at, request.stop, 0);
    }
    return [...parts]
      .sort(([a], [b]) => a - b)
      .map(([partition, plan], index) => {
        const { body: resources } = plan.finish();
        const part = index > 0 || strays.empty ? resources : Buffer.concat([strays.finish().body, resources]);
        return { partition, items: countItems(signal, part), body: part };
      });
  });
}

/** The partition of a request whose resources all go to one, as those of one process do; undefined where they part. */
function onlyPartition(body: Uint8Array, partitions: number, hash: (resource: Cursor) => number): number | undefined {
  const request = new Cursor(body);
  let only: number | undefined;
  while (request.next()) {
    if (!request.is(REQUEST.resources, Wire.bytes)) continue;
    const partition = partitionOf(hash(request), partitions);
    if (only !== undefined && partition !== only) return undefined;
    only = partition;
  }
  return only ?? partitionOf(hash(new Cursor(body, 0, 0)), partitions);
}

/** Hashes what owns a resource. */
class OwnerHash {
  readonly #tenant: Uint8Array;
  readonly #list: AttributeList;
  readonly #entry: Cursor;
  readonly #resource: Cursor;
  /** Of a resource that says nothing of itself, of which a request may have very many. */
  #ofNone: number | undefined;

  constructor(body: Uint8Array, tenant: string) {
    this.#tenant = utf8.encode(tenant);
    this.#list = new AttributeList(body);
    this.#entry = new Cursor(body);
    this.#resource = new Cursor(body);
  }

  /** Of the ResourceSpans, ResourceMetrics or ResourceLogs that is the cursor's value. */
  hash(request: Cursor): number {
    if (request.start === request.stop) {
      this.#ofNone ??= murmur2(spelled([this.#tenant]));
      return this.#ofNone;
    }
    const values: (Uint8Array | undefined)[] = [this.#tenant, undefined, undefined, undefined];
    this.#entry.enter(request);
    while (this.#entry.next()) {
      if (!this.#entry.is(RESOURCE.resource, Wire.bytes)) continue;
      this.#resource.enter(this.#entry);
      for (let isMore = true; isMore; ) {
        isMore = this.#list.read(this.#resource, RESOURCE_ATTRIBUTES, SOME_ATTRIBUTES);
        OWNER_KEYS.forEach((key, i) => {
          const index = this.#list.find(key);
          if (index >= 0) values[i + 1] ??= text(this.#list.value(index));
        });
      }
    }
    return murmur2(spelled(values));
  }
}

/**
 * The message whose fields 1, 2, … are these bytes. Each is written with its length, so that no two owners spell the same; an absent
 * attribute has no field. Small, hence in memory of Node's pool: every request makes one.
 */
function spelled(values: readonly (Uint8Array | undefined)[]): Uint8Array {
  const out = Buffer.allocUnsafe(
    values.reduce((sum, value) => sum + (value === undefined ? 0 : 1 + varintSize(value.length) + value.length), 0),
  );
  let at = 0;
  values.forEach((value, i) => {
    if (value === undefined) return;
    out[at] = (i + 1) * 8 + Wire.bytes;
    at = putVarint(out, at + 1, value.length);
    out.set(value, at);
    at += value.length;
  });
  return out;
}

/** What is hashed of a value: the text of a string, else the value in its plain encoding. */
function text(value: Uint8Array): Uint8Array {
  const member = memberOf(value);
  return member?.field === ANY.string ? member.slice() : plainValue(value);
}
