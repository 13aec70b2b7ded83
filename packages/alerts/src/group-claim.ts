/**
 * Who may write a group's state. Leases only limit who tries; what decides is `rondo.state`: whoever takes a group over claims
 * the token after the highest there is, the first claim of a token stands, and only its winner writes the state under it. A
 * process that slept through its successor's claim writes under a lower token, which nobody reads any more.
 */

import { createHash } from "node:crypto";
import { basename } from "node:path";
import { escapeName, type StateStore, type StateWrite } from "@rondo/broker";
import type { RuleGroup } from "./rule-group.ts";

/** The longest part of a key that is a group's or a tenant's own name; a longer one is cut and told apart by a hash. */
const MAX_PART = 120;

/** Under what everything of a tenant's group stands, the last slash included. */
export function groupPrefix(tenant: string, { file, name }: Pick<RuleGroup, "file" | "name">): string {
  return `alerts/${keyPart(tenant)}/${keyPart(basename(file))}.${keyPart(name)}/`;
}

function keyPart(name: string): string {
  const escaped = escapeName(name);
  if (escaped.length <= MAX_PART) return escaped;
  return `${escaped.slice(0, MAX_PART)}-${createHash("sha256").update(name).digest("hex").slice(0, 16)}`;
}

/** What stands in the store of a group: the newest state, and the highest token that was ever claimed. */
export interface StoredGroup {
  /** 0 when nobody has claimed it. */
  readonly token: number;
  readonly state?: { readonly key: string; readonly value: Uint8Array };
  /** Who made the claim of the highest token. */
  readonly claimant?: string;
  /** Every key, for whoever removes what is outdated. */
  readonly keys: readonly string[];
}

/** Reads what the store has of a group. */
export async function readGroup(store: StateStore, prefix: string): Promise<StoredGroup> {
  let [token, stateToken] = [0, 0];
  let state: StoredGroup["state"];
  let claimant: string | undefined;
  const keys: string[] = [];
  for (const [key, value] of await store.list(prefix)) {
    keys.push(key);
    const [number = "", kind] = key.slice(prefix.length).split("/");
    const its = Number(number);
    token = Math.max(token, its);
    if (kind === "claim" && its === token) claimant = new TextDecoder().decode(value);
    if (kind !== "state" || its < stateToken) continue;
    stateToken = its;
    state = { key, value };
  }
  return { token, keys, ...(state && { state }), ...(claimant !== undefined && { claimant }) };
}

/** A group that was claimed. */
export interface GroupClaim {
  readonly token: number;
  /** The state that the predecessor left. */
  readonly left?: { readonly key: string; readonly value: Uint8Array };
  /** Whether nobody has claimed a higher token since. */
  isNewest(): Promise<boolean>;
  /** Writes the state. Durable when it resolves; the first time, what is outdated is removed after it. */
  write(state: Uint8Array): Promise<void>;
}

/** Claims the next token of a group for `claimant`, a name that no other process and no earlier life of this one has; undefined when another was first. */
export async function claimGroup(store: StateStore, prefix: string, claimant: string): Promise<GroupClaim | undefined> {
  const token = (await readGroup(store, prefix)).token + 1;
  const mine = new TextEncoder().encode(claimant);
  const stands = await store.putFirst(`${prefix}${token}/claim`, mine);
  if (new TextDecoder().decode(stands) !== claimant) return undefined;
  // Read again: what the predecessor wrote until the claim was made is before it in the store.
  const { state, keys } = await readGroup(store, prefix);
  const outdated = keys.filter((key) => Number(key.slice(prefix.length).split("/", 1)[0]) < token);
  return {
    token,
    ...(state && { left: state }),
    isNewest: async () => (await readGroup(store, prefix)).token === token,
    async write(value) {
      const writes: StateWrite[] = [{ key: `${prefix}${token}/state`, value }];
      for (const key of outdated) writes.push({ key, value: null });
      await store.put(writes);
      outdated.length = 0;
    },
  };
}
