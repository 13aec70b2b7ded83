/**
 * What each receiver of this instance has accepted and refused since its first start, kept in `rondo.state`: written once a second
 * while it changes and at the end, so that a kill costs at most the last second of the count, never an item. Rules of the log 6.
 */
import { escapeName, type StateStore, unescapeName } from "@rondo/broker";
import { type Clock, Fault, type Log } from "@rondo/core";
import { CARRIED } from "@rondo/otlp";
import type { Account, Reasons } from "./metrics.ts";

const PERIOD_MS = 1_000;
/** Of the keys in `rondo.state`. */
const PREFIX = "gateway/";

/** One account with its counts. */
export interface Total extends Account {
  readonly accepted: number;
  readonly refused: number;
  /** Of `refused`, as far as it is known: what was counted before reasons were kept has none. Absent: nothing. */
  readonly reasons?: Reasons;
}

/** The running totals of one instance. */
export interface Totals {
  add(account: Account, accepted: number, refused: number, reasons?: Reasons): void;
  /** Every account as it stands, earlier runs included. */
  all(): readonly Total[];
  /** Writes what has changed. Rejects with a Fault when the state store does; it is then tried again at the next change. */
  save(): Promise<void>;
}

/** Reads the totals of `instance` and keeps them from there. Throws a `corrupt` Fault for a value that this build did not write. */
export async function openTotals(
  state: StateStore,
  instance: string,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<Totals> {
  const prefix = `${PREFIX}${escapeName(instance)}/`;
  const totals = new Map<string, OpenTotal>();
  for (const [key, value] of await state.list(prefix)) totals.set(key, readTotal(key, value));
  const changed = new Set<string>();
  let timer: (() => void) | undefined;
  let saving: Promise<void> = Promise.resolve();
  let isTroubled = false;

  // Escaping names costs more than the rest of `add`; the accounts are receivers × signals × tenants, hence few.
  const keys = new Map<string, string>();
  const keyOf = (account: Account) => {
    const { receiver, signal, tenant } = account;
    const plain = `${receiver}\n${signal}\n${tenant}`;
    const found = keys.get(plain);
    if (found !== undefined) return found;
    const made = escapedKey(account);
    keys.set(plain, made);
    return made;
  };
  const escapedKey = ({ receiver, signal, tenant }: Account) =>
    `${prefix}${escapeName(receiver)}/${signal}/${escapeName(tenant)}`;

  const write = async () => {
    const keys = [...changed];
    if (keys.length === 0) return;
    changed.clear();
    try {
      await state.put(keys.map((key) => ({ key, value: Buffer.from(JSON.stringify(totals.get(key))) })));
    } catch (thrown) {
      for (const key of keys) changed.add(key);
      throw Fault.from(thrown, "unavailable");
    }
  };

  const save = () => {
    timer?.();
    timer = undefined;
    // One after the other: the newest value must be the last one written.
    saving = saving.catch(() => undefined).then(write);
    return saving;
  };

  /** Says once that totals cannot be saved, and once that they can again. */
  const told = (fault?: Fault) => {
    if (fault === undefined && isTroubled) log.info("the gateway's totals are saved again");
    if (fault !== undefined && !isTroubled) log.warn("the gateway's totals cannot be saved now", { fault });
    isTroubled = fault !== undefined;
  };

  return {
    add(account, accepted, refused, reasons = {}) {
      const key = keyOf(account);
      // Named one by one: whoever counts may know more of a request, such as its client's headers.
      const { receiver, signal, tenant } = account;
      const total = totals.get(key) ?? { receiver, signal, tenant, accepted: 0, refused: 0 };
      total.accepted += accepted;
      total.refused += refused;
      for (const [reason, items] of Object.entries(reasons)) {
        total.reasons = { ...total.reasons, [reason]: (total.reasons?.[reason] ?? 0) + items };
      }
      totals.set(key, total);
      changed.add(key);
      timer ??= clock.after(
        PERIOD_MS,
        () =>
          save().then(
            () => told(),
            (fault: Fault) => told(fault),
          ),
        { background: true },
      );
    },
    all: () => Array.from(totals.values(), (total) => ({ ...total })),
    save,
  };
}

/** A total that is counted on. */
type OpenTotal = { -readonly [K in keyof Total]: Total[K] };

function readTotal(key: string, value: Uint8Array): Total {
  const found = parsed(value);
  if (typeof found === "object" && found !== null) {
    // An object's fields may be asked for by any name; what they hold is checked below.
    const { receiver, signal, tenant, accepted, refused, reasons } = found as Partial<Record<keyof Total, unknown>>;
    const known = CARRIED.find((one) => one === signal);
    if (known !== undefined && typeof receiver === "string" && typeof tenant === "string") {
      if (typeof accepted === "number" && typeof refused === "number") {
        return { receiver, signal: known, tenant, accepted, refused, ...readReasons(reasons) };
      }
    }
  }
  throw new Fault("corrupt", `the state under ${key} is not a gateway's total; was it written by another build?`);
}

function readReasons(found: unknown): Pick<Total, "reasons"> {
  if (typeof found !== "object" || found === null) return {};
  return { reasons: Object.fromEntries(Object.entries(found).filter(([, items]) => typeof items === "number")) };
}

/** Every instance's counts, for whoever adds them up. Throws `corrupt` as `openTotals`. */
export async function readTotals(state: StateStore): Promise<readonly (Total & { readonly instance: string })[]> {
  const entries = await state.list(PREFIX);
  return entries.map(([key, value]) => {
    const [instance = ""] = key.slice(PREFIX.length).split("/", 1);
    return { instance: unescapeName(instance), ...readTotal(key, value) };
  });
}

function parsed(value: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(value).toString());
  } catch {
    return undefined;
  }
}
