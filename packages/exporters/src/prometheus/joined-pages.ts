/** The pages of a process whose threads hold the series: each is served once, from what every thread answers. */
import type { AnyExporterType, Log } from "@rondo/core";
import type { Format } from "@rondo/monitor";
import type { ExpositionValues } from "./config.ts";
import { pagePlace, TYPE } from "./exporter.ts";
import type { PagePart } from "./page-part.ts";
import { servePage } from "./serve-page.ts";
import { type PageLease, SharedPages } from "./shared-pages.ts";

/** An exporter of a configuration. */
export interface ConfiguredExporter {
  readonly id: string;
  readonly type: AnyExporterType;
  readonly values: unknown;
}

/** What the threads hold of the page of an exporter; those that do not answer are left out by whoever asks them. */
export type AskForParts = (exporter: string, format: Format) => Promise<readonly PagePart[]>;

/** Pages that are served. */
export interface JoinedPages {
  close(): Promise<void>;
}

/** Serves the page of each exporter that has one. Throws as a start without threads does, and then serves none. */
export async function serveJoinedPages(
  exporters: readonly ConfiguredExporter[],
  ask: AskForParts,
  log: Log,
): Promise<JoinedPages> {
  const pages = new SharedPages<undefined>(servePage);
  const leases: PageLease<undefined>[] = [];
  const close = async () => void (await Promise.all(leases.map((lease) => lease.close())));
  try {
    // Of an exporter that several pipelines name there is one page.
    for (const { id, type, values } of new Map(exporters.map((one) => [one.id, one])).values()) {
      if (type.type !== TYPE) continue;
      // Config read the values with the fields of the type that was just compared.
      const place = pagePlace(id, values as ExpositionValues);
      const lease = pages.lease(place, () => ({ page: undefined, parts: (format) => ask(id, format) }));
      leases.push(lease);
      const server = await lease.start();
      if (server !== undefined) log.info(`exporter ${id} serves http://${server.address}/metrics`);
    }
  } catch (thrown) {
    await close();
    throw thrown;
  }
  return { close };
}
