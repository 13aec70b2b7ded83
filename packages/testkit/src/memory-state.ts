/** `rondo.state` in memory, for tests. */
import type { StateStore, StateWrite } from "@rondo/broker";
import { Fault } from "@rondo/core";

/** As the contract of state stores has it. */
const KEY_BYTES = 512;

/** A state store that lives as long as the returned object. Values are copied in and out, as a real store does. */
export function memoryState(): StateStore {
  const values = new Map<string, Uint8Array>();
  const set = ({ key, value }: StateWrite) => {
    if (Buffer.byteLength(key) > KEY_BYTES) {
      throw new Fault("bug", `a state key of ${Buffer.byteLength(key)} B is longer than ${KEY_BYTES}`);
    }
    if (value === null) values.delete(key);
    else values.set(key, new Uint8Array(value));
  };
  return {
    async get(key) {
      return values.get(key)?.slice();
    },
    async list(prefix) {
      return [...values]
        .filter(([key]) => key.startsWith(prefix))
        .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        .map(([key, value]) => [key, value.slice()] as const);
    },
    async put(writes) {
      for (const write of writes) set(write);
    },
    async putFirst(key, value) {
      if (!values.has(key)) set({ key, value });
      return values.get(key)?.slice() ?? value;
    },
  };
}
