/** `prometheus`: serves the newest value of every series on a page that Prometheus scrapes. */
import {
  type Batch,
  DEFAULT_TENANT,
  type Drop,
  defineExporter,
  type Exporter,
  Fault,
  retry,
  SETTLED,
  type Surroundings,
  type Verdict,
} from "@rondo/core";
import { Recurring } from "@rondo/delivery";
import { WireError } from "@rondo/otlp";
import { createTranslator, type Translator, type TranslatorOptions } from "@rondo/prometheus";
import { dropsOfRefusals } from "../refused-points.ts";
import { accumulationOf, noteQueue } from "../sending-fields.ts";
import { labelsOf, translationOf } from "../translation-fields.ts";
import { check, type ExpositionValues, fields } from "./config.ts";
import { pagePart } from "./page-part.ts";
import { type PageReader, SeriesPage } from "./series-page.ts";
import { type PagePlace, type ServePage, servePage } from "./serve-page.ts";
import { type NewPage, type PageLease, SharedPages } from "./shared-pages.ts";

/** What it is called, as in the Collector. */
export const TYPE = "prometheus";

/** Series of one page. Each costs about a kilobyte, and a page of so many is 100 MB. */
const PAGE_SERIES = 500_000;

/** Nothing is ever tried again: a page is there or the process has not started. */
const NO_RETRY = { initialMs: 1_000, multiplier: 1, maxMs: 1_000, randomization: 0 } as const;

/**
 * The `prometheus` exporter, with pages of its own: one type is for one thread. `serve` shows them, from the start on, and
 * `series` is the most of one page.
 */
export function prometheusExporter(serve: ServePage = servePage, series: number = PAGE_SERIES) {
  const pages = new SharedPages<SeriesPage>(serve);
  return defineExporter({
    type: TYPE,
    summary: "Serves the newest value of every series at /metrics, for Prometheus to scrape.",
    signals: ["metrics"],
    fields,
    check,
    create: (values, around) => createExposition(values, around, pages, series),
  });
}

/** Where the page of an exporter is to be served, and how. */
export function pagePlace(id: string, values: ExpositionValues): PagePlace {
  return { id, address: values.endpoint, openMetrics: values.enable_open_metrics };
}

/** A share in the page of this exporter's id; whichever share comes first makes the page. */
function createExposition(
  values: ExpositionValues,
  around: Surroundings,
  pages: SharedPages<SeriesPage>,
  series: number,
): Exporter {
  const { id, log } = around;
  noteQueue(values.sending_queue, log);
  const lease = pages.lease(pagePlace(id, values), () => newPage(values, around, series));
  const exposition = new Exposition(values, lease, new Recurring(log, around.clock));
  const accumulation = accumulationOf(values.sending_queue);
  return {
    deliver: async (batch, abort) => exposition.deliver(batch, abort),
    // Nothing is waited for.
    timeoutMs: 0,
    retry: NO_RETRY,
    ...(accumulation && { accumulation }),
    async start() {
      const server = await lease.start();
      // A thread's pages are served by its process, which says so.
      if (server !== undefined) log.info(`exporter ${id} serves http://${server.address}/metrics`);
    },
    close: () => exposition.close(),
  };
}

function newPage(values: ExpositionValues, { clock }: Surroundings, series: number): NewPage<SeriesPage> {
  const page = new SeriesPage({ expirationMs: values.metric_expiration, series }, clock);
  const timestamps = values.send_timestamps;
  return { page, parts: (format) => [pagePart(page.families(), { format, timestamps })] };
}

/** Puts batches on a page. */
class Exposition {
  readonly #lease: PageLease<SeriesPage>;
  readonly #trouble: Recurring;
  readonly #options: TranslatorOptions;
  /** One for each tenant, which are as many as the configuration knows: their series must not be the same objects. */
  readonly #translators = new Map<string, Translator>();
  #closed = false;

  constructor(values: ExpositionValues, lease: PageLease<SeriesPage>, trouble: Recurring) {
    this.#lease = lease;
    this.#trouble = trouble;
    this.#options = {
      ...translationOf(values),
      externalLabels: labelsOf(values.const_labels),
      scopeInfo: !values.without_scope_info,
      scopeSchema: true,
    };
  }

  /**
   * Puts a batch on the page. It is delivered then, though nobody may ever look: an older value of a series is as good as
   * delivered, too, since a scrape would have missed it.
   */
  deliver(batch: Batch, abort: AbortSignal): Verdict {
    if (this.#closed || abort.aborted) return retry(new Fault("aborted", "the try was aborted"));
    const reader = this.#lease.page.reader(batch.tenant === DEFAULT_TENANT ? undefined : batch.tenant);
    const drops = this.#put(batch, reader);
    for (const { reason, items, detail } of drops)
      this.#trouble.happened("items are not shown", { reason, items, says: detail });
    return drops.length === 0 ? SETTLED : { kind: "settled", drops };
  }

  /** Once, however often it is called: each share in the page is given back once. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#lease.close();
  }

  /** What was not shown of a batch, by reason. */
  #put({ body, items, tenant }: Batch, reader: PageReader): readonly Drop[] {
    const translator = this.#translators.get(tenant) ?? createTranslator(this.#options);
    this.#translators.set(tenant, translator);
    try {
      const { refusals } = translator.translate(body, reader);
      const drops = dropsOfRefusals(refusals);
      if (reader.refused === 0) return drops;
      return [
        ...drops,
        { reason: "series_limit", items: reader.refused, detail: "the page has as many series as it may" },
      ];
    } catch (thrown) {
      if (!(thrown instanceof WireError)) throw thrown;
      // What stood before the broken place is shown; it counts as dropped with the rest, since nobody knows how much it was.
      return [{ reason: "invalid_item", items, detail: thrown.message }];
    }
  }
}
