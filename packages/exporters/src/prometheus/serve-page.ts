/** Serves the page of an exporter. Who holds it and who serves it may be two: a thread holds, and its process serves. */
import { CONTENT_TYPES, type Format, type PageServer, preferredFormat, servePages } from "@rondo/monitor";
import { joinParts } from "./join-parts.ts";
import type { ListenAddress } from "./listen-address.ts";
import type { PagePart } from "./page-part.ts";

/** What is known of a page before anything stands on it. */
export interface PagePlace {
  /** Of the exporter, which has one page. */
  readonly id: string;
  readonly address: ListenAddress;
  /** Whether it is written as OpenMetrics for a client that asks. */
  readonly openMetrics: boolean;
}

/** A page that can be served. */
export interface ExporterPage extends PagePlace {
  /** What stands on it now. What rejects becomes a 500. */
  parts(format: Format): readonly PagePart[] | Promise<readonly PagePart[]>;
}

/**
 * Sees to it that a page is served. Resolves to undefined where somebody else serves it; rejects with a Fault `startup` that
 * names the endpoint's place when the address cannot be listened on.
 */
export type ServePage = (page: ExporterPage) => Promise<PageServer | undefined>;

/** Serves it here, at `/metrics`. */
export async function servePage({ id, address, openMetrics, parts }: ExporterPage): Promise<PageServer> {
  const metrics = async (accept: string | undefined) => {
    const format = openMetrics ? preferredFormat(accept) : "text";
    return { status: 200, contentType: CONTENT_TYPES[format], body: joinParts(await parts(format), format) };
  };
  return await servePages({
    host: address.host,
    port: address.port,
    purpose: `exporter ${id}'s`,
    setBy: `exporters::${id}::endpoint`,
    pages: new Map([["/metrics", metrics]]),
  });
}
