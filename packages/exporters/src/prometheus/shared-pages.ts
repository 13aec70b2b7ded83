/**
 * The pages of one process: pipelines that name the same exporter fill one page, and so do the threads of a process, one of
 * which serves it for all.
 */
import { type Clock, Fault } from "@rondo/core";
import { type Page, type PageServer, servePages } from "@rondo/monitor";
import type { ListenAddress } from "./listen-address.ts";
import { joinParts, PageParts } from "./page-parts.ts";
import type { PageFamily, SeriesPage } from "./series-page.ts";

/** A share in a page. */
export interface PageLease {
  readonly page: SeriesPage;
  /**
   * Serves the page unless it is served already. Undefined where another thread of the process serves it. Rejects with a
   * Fault `startup` that names the endpoint's place when another process has the port.
   */
  start(): Promise<PageServer | undefined>;
  /** Gives the share back; with the last one the page is served no more. */
  close(): Promise<void>;
}

/** What a page is made of when it is asked for the first time. */
export interface NewPage {
  readonly page: SeriesPage;
  /** Writes the page for a request's Accept header. */
  readonly write: (families: readonly PageFamily[], accept: string | undefined) => Page;
}

/** Pages by address. */
export class SharedPages {
  readonly #pages = new Map<string, ServedPage>();

  /** A share in the page of an exporter. Throws a Fault `config` when another exporter has the address. */
  lease(id: string, address: ListenAddress, clock: Clock, make: () => NewPage): PageLease {
    // Port 0 is another port for each.
    const key = address.port === 0 ? `${address.text} of ${id}` : `${address.host} ${address.port}`;
    const served = this.#pages.get(key) ?? new ServedPage(id, address, clock, make());
    if (served.id !== id)
      throw new Fault(
        "config",
        `exporters::${id}::endpoint: ${address.text} is that of ${served.id}; give each a port of its own`,
      );
    this.#pages.set(key, served);
    served.users++;
    return {
      page: served.page,
      start: () => served.start(),
      close: async () => {
        served.users--;
        if (served.users > 0) return;
        this.#pages.delete(key);
        await served.close();
      },
    };
  }
}

class ServedPage {
  readonly id: string;
  users = 0;
  readonly #address: ListenAddress;
  readonly #new: NewPage;
  /** Absent where every thread has a port of its own. */
  readonly #parts: PageParts | undefined;
  #server: Promise<PageServer | undefined> | undefined;

  constructor(id: string, address: ListenAddress, clock: Clock, made: NewPage) {
    this.id = id;
    this.#address = address;
    this.#new = made;
    const holder = {
      families: () => made.page.families(),
      serves: async () => (await this.#server?.catch(() => undefined)) !== undefined,
    };
    const name = `${address.host} ${address.port} ${id}`;
    this.#parts = address.port === 0 ? undefined : new PageParts(name, holder, clock);
  }

  get page(): SeriesPage {
    return this.#new.page;
  }

  start(): Promise<PageServer | undefined> {
    this.#server ??= this.#serve();
    return this.#server;
  }

  async close(): Promise<void> {
    this.#parts?.close();
    // One that could not be served has said so to whoever started it.
    const server = await this.#server?.catch(() => undefined);
    await server?.close();
  }

  async #serve(): Promise<PageServer | undefined> {
    const { host, port } = this.#address;
    const metrics = async (accept: string | undefined) =>
      this.#new.write(joinParts((await this.#parts?.gather()) ?? [this.page.families()]), accept);
    try {
      return await servePages({
        host,
        port,
        purpose: `exporter ${this.id}'s`,
        setBy: `exporters::${this.id}::endpoint`,
        pages: new Map([["/metrics", metrics]]),
      });
    } catch (thrown) {
      if ((await this.#parts?.servedElsewhere()) === true) return undefined;
      throw thrown;
    }
  }
}
