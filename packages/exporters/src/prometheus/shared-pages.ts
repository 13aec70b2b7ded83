/** The pages of one process: pipelines that name the same exporter fill one page, and it is served once. */
import { Fault } from "@rondo/core";
import type { PageServer } from "@rondo/monitor";
import type { ExporterPage, PagePlace, ServePage } from "./serve-page.ts";

/** A share in a page; `P` is what its holders put on it. */
export interface PageLease<P> {
  readonly page: P;
  /** Serves the page unless it is served already. Resolves and rejects as its `ServePage` does. */
  start(): Promise<PageServer | undefined>;
  /** Gives the share back; with the last one the page is served no more. */
  close(): Promise<void>;
}

/** What a page is made of when it is asked for the first time. */
export interface NewPage<P> extends Pick<ExporterPage, "parts"> {
  readonly page: P;
}

interface Shared<P> extends NewPage<P> {
  readonly id: string;
  users: number;
  server?: Promise<PageServer | undefined>;
}

/** Pages by address. */
export class SharedPages<P> {
  readonly #serve: ServePage;
  readonly #pages = new Map<string, Shared<P>>();

  constructor(serve: ServePage) {
    this.#serve = serve;
  }

  /** A share in the page of an exporter. Throws a Fault `config` when another exporter has the address. */
  lease(place: PagePlace, make: () => NewPage<P>): PageLease<P> {
    const { id, address } = place;
    // Port 0 is another port for each.
    const key = address.port === 0 ? `${address.text} of ${id}` : `${address.host} ${address.port}`;
    const shared = this.#pages.get(key) ?? { ...make(), id, users: 0 };
    if (shared.id !== id)
      throw new Fault(
        "config",
        `exporters::${id}::endpoint: ${address.text} is that of ${shared.id}; give each a port of its own`,
      );
    this.#pages.set(key, shared);
    shared.users++;
    return {
      page: shared.page,
      start: () => {
        shared.server ??= this.#serve({ ...place, parts: shared.parts });
        return shared.server;
      },
      close: async () => {
        shared.users--;
        if (shared.users > 0) return;
        this.#pages.delete(key);
        // One that could not be served has said so to whoever started it.
        const server = await shared.server?.catch(() => undefined);
        await server?.close();
      },
    };
  }
}
