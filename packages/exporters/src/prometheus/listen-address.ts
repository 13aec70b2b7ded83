/** The address of the page that Prometheus scrapes, as the Collector writes it. */
import { type Field, field } from "@rondo/core";

/** Where a page is served. */
export interface ListenAddress {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** `host:port` as it was written. */
  readonly text: string;
}

const FORM = /^(?:\[([0-9A-Fa-f:.%]+)\]|([^:/[\]\s]*)):(\d{1,5})$/;

/** `endpoint`: `host:port`, `[ipv6]:port`, or `:port` for every interface. `localhost` is 127.0.0.1, as in Go's listeners. */
export function listenAddress(doc: string): Field<ListenAddress> {
  return field("host:port", doc, (raw, place) => {
    const text = typeof raw === "string" ? raw.trim() : "";
    const [, v6, name = "", digits] = FORM.exec(text) ?? [];
    const port = Number(digits);
    if (!(port <= 65_535)) {
      place.problem("must be host:port without a scheme or a path, such as 0.0.0.0:8889, :8889 or [::1]:8889");
      return undefined;
    }
    const host = v6 ?? (name === "" ? "0.0.0.0" : name === "localhost" ? "127.0.0.1" : name);
    return { host, port, text };
  });
}
