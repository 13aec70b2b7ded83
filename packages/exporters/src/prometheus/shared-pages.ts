/** The pages of one process: pipelines that name the same exporter fill one page, and it is served once. */
import { Fault } from "@rondo/core";
import { type PageMaker, type PageServer, servePages } from "@rondo/monitor";
import type { ListenAddress } from "./listen-address.ts";
import type { SeriesPage } from "./series-page.ts";

/** A share in a page. */
export interface PageLease {
  readonly page: SeriesPage;
  /** Serves the page unless it is served already. Rejects with a Fault `startup` that names the endpoint's place. */
  start(): Promise<PageServer>;
  /** Gives the share back; with the last one the page is served no more. */
  close(): Promise<void>;
}

/** What a page is made of when it is asked for the first time. */
export interface NewPage {
  readonly page: SeriesPage;
  readonly metrics: PageMaker;
}

interface Served extends NewPage {
  readonly id: string;
  users: number;
  server?: Promise<PageServer>;
}

/** Pages by address. */
export class SharedPages {
  readonly #pages = new Map<string, Served>();

  /** A share in the page of an exporter. Throws a Fault `config` when another exporter has the address. */
  lease(id: string, address: ListenAddress, make: () => NewPage): PageLease {
    // Port 0 is another port for each.
    const key = address.port === 0 ? `${address.text} of ${id}` : `${address.host} ${address.port}`;
    const served = this.#pages.get(key) ?? { ...make(), id, users: 0 };
    if (served.id !== id)
      throw new Fault(
        "config",
        `exporters::${id}::endpoint: ${address.text} is that of ${served.id}; give each a port of its own`,
      );
    this.#pages.set(key, served);
    served.users++;
    return {
      page: served.page,
      start: () => {
        served.server ??= serve(id, address, served.metrics);
        return served.server;
      },
      close: async () => {
        served.users--;
        if (served.users > 0) return;
        this.#pages.delete(key);
        // One that could not be served has said so to whoever started it.
        const server = await served.server?.catch(() => undefined);
        await server?.close();
      },
    };
  }
}

function serve(id: string, { host, port }: ListenAddress, metrics: PageMaker): Promise<PageServer> {
  return servePages({
    host,
    port,
    purpose: `exporter ${id}'s`,
    setBy: `exporters::${id}::endpoint`,
    pages: new Map([["/metrics", metrics]]),
  });
}
