/** Addresses as flags write them: `host:port`, `[::1]:port`, `:port`. */
import { Fault } from "@rondo/core";

/** A parsed address. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Parses an address; `:4317` means every interface. Throws a `config` Fault that names the flag. */
export function parseAddress(flag: string, written: string): Address {
  const found = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(written.trim());
  const port = Number(found?.[3]);
  if (found === null || port > 65_535) {
    throw new Fault(
      "config",
      `${flag} ${written} is not an address: write host:port, such as 127.0.0.1:8888 (port 0 picks a free one)`,
    );
  }
  return { host: found[1] ?? (found[2] === "" ? "0.0.0.0" : (found[2] ?? "")), port };
}
