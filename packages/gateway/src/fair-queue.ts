/**
 * A queue in which tenants take turns: deficit round robin (Shreedhar and Varghese, 1995). Of tenants that all have something
 * waiting, each is served in proportion to its weight, counted in bytes, whatever the others have put in; one that comes new waits
 * for a turn of the others, never for their pile. What one tenant puts in leaves in that order, but for what is not ready yet.
 */

/** What waits. Its size may shrink while it does. */
export interface Waiting {
  readonly bytes: number;
}

/** A queue of one lane. */
export interface FairQueue<T extends Waiting> {
  push(tenant: string, item: T): void;
  /** Takes what is ready, at most `maxBytes` in all, or one item if the first is larger. */
  take(maxBytes: number, isReady: (item: T) => boolean): T[];
  /** The oldest item of each tenant. */
  heads(): readonly T[];
}

interface Flow<T> {
  readonly tenant: string;
  readonly items: T[];
  /** Bytes that it may still take in this turn. */
  deficit: number;
}

/** An empty queue. A turn is `quantum` bytes for a tenant of weight 1; only tenants that wait are remembered. */
export function fairQueue<T extends Waiting>(quantum: number, weightOf: (tenant: string) => number): FairQueue<T> {
  const flowOf = new Map<string, Flow<T>>();
  /** In the order of their turns. */
  const flows: Flow<T>[] = [];
  const turnBytes = ({ tenant }: Flow<T>) => quantum * weightOf(tenant);

  const endTurn = (flow: Flow<T>) => {
    flows.shift();
    flows.push(flow);
  };

  const remove = (flow: Flow<T>, at: number) => {
    flow.items.splice(at, 1);
    if (flow.items.length > 0) return;
    flows.splice(flows.indexOf(flow), 1);
    flowOf.delete(flow.tenant);
  };

  return {
    push(tenant, item) {
      let flow = flowOf.get(tenant);
      if (flow === undefined) {
        flow = { tenant, items: [], deficit: 0 };
        flow.deficit = turnBytes(flow);
        flowOf.set(tenant, flow);
        flows.push(flow);
      }
      flow.items.push(item);
    },
    take(maxBytes, isReady) {
      const taken: T[] = [];
      let bytes = 0;
      // Tenants in a row that had nothing ready: after a whole round of them nobody has.
      for (let idle = 0; idle < flows.length; ) {
        const [flow] = flows;
        if (flow === undefined) break;
        const at = flow.items.findIndex(isReady);
        const next = flow.items[at];
        if (next === undefined) {
          // Who does not want a turn does not save it up.
          flow.deficit = turnBytes(flow);
          endTurn(flow);
          idle += 1;
          continue;
        }
        idle = 0;
        if (next.bytes > flow.deficit) {
          flow.deficit += turnBytes(flow);
          endTurn(flow);
          continue;
        }
        // It keeps its turn for the next time.
        if (taken.length > 0 && bytes + next.bytes > maxBytes) break;
        flow.deficit -= next.bytes;
        bytes += next.bytes;
        taken.push(next);
        remove(flow, at);
      }
      return taken;
    },
    heads: () => flows.flatMap(({ items }) => items.slice(0, 1)),
  };
}
