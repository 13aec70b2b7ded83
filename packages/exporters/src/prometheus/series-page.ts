/**
 * The newest value of every series, as a scrape sees it. An older value never replaces a newer one, a stale marker takes its
 * series away, and what nobody has sent for a while expires.
 */
import type { Clock } from "@rondo/core";
import type { Exemplar, Family, Series, SeriesReader } from "@rondo/prometheus";
import { isStale, type Labels } from "@rondo/promql";

/** One series on the page. */
export interface PageRow {
  readonly labels: Labels;
  value: number;
  /** Milliseconds since the epoch, of the value. */
  time: number;
  /** Milliseconds since the epoch: when the value came. */
  seen: number;
  exemplar?: Exemplar;
}

/** A metric with its series, in the order in which they first came: buckets then stand from small to large. */
export interface PageFamily {
  readonly family: Family;
  readonly rows: ReadonlyMap<string, PageRow>;
}

/** Bounds of a page. */
export interface PageLimits {
  /** A series without a new value for this long is taken off, milliseconds; 0 is never. */
  readonly expirationMs: number;
  /** Series on the page; further ones are refused. */
  readonly series: number;
}

interface Rows {
  readonly family: Family;
  readonly rows: Map<string, PageRow>;
}

/** The values behind one page. */
export class SeriesPage {
  readonly #limits: PageLimits;
  readonly #clock: Clock;
  readonly #families = new Map<string, Rows>();
  readonly #keys = new WeakMap<Series, string>();
  #size = 0;
  #swept: number;

  constructor(limits: PageLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#swept = clock.now();
  }

  /** A reader for one batch. `tenant` becomes a label where it is not undefined, so that tenants cannot mix. */
  reader(tenant: string | undefined): PageReader {
    const now = this.#clock.now();
    // Also without scrapes the page must not grow for ever.
    const full = this.#size >= this.#limits.series;
    if (full || now - this.#swept > this.#limits.expirationMs) this.#sweep(now);
    return new PageReader((series, time, value) => this.#put(series, time, value, now, tenant));
  }

  /** What is to be shown now, by name. */
  families(): readonly PageFamily[] {
    this.#sweep(this.#clock.now());
    return [...this.#families.values()].sort((a, b) => (a.family.name < b.family.name ? -1 : 1));
  }

  /** The row of the series, undefined where there is no room for it or it has ended. */
  #put(
    series: Series,
    time: number,
    value: number,
    now: number,
    tenant: string | undefined,
  ): PageRow | "full" | undefined {
    const key = this.#keyOf(series, tenant);
    const rows = this.#families.get(series.family.name);
    const row = rows?.rows.get(key);
    // Redelivery and clients with several threads bring older values late.
    if (row !== undefined && row.time > time) return row;
    if (isStale(value)) {
      if (rows?.rows.delete(key)) this.#size--;
      return undefined;
    }
    if (row !== undefined) {
      row.value = value;
      row.time = time;
      row.seen = now;
      return row;
    }
    if (this.#size >= this.#limits.series) return "full";
    const labels = tenant === undefined ? series.labels : [...series.labels, ["tenant", tenant] as const];
    const made: PageRow = { labels, value, time, seen: now };
    if (rows !== undefined) rows.rows.set(key, made);
    else this.#families.set(series.family.name, { family: series.family, rows: new Map([[key, made]]) });
    this.#size++;
    return made;
  }

  /** Texts, since the same series may be another object once its translator has forgotten it. */
  #keyOf(series: Series, tenant: string | undefined): string {
    const known = this.#keys.get(series);
    if (known !== undefined) return known;
    const key = JSON.stringify([tenant ?? null, series.labels]);
    this.#keys.set(series, key);
    return key;
  }

  /** Takes off what has expired. */
  #sweep(now: number): void {
    this.#swept = now;
    const { expirationMs } = this.#limits;
    if (expirationMs === 0) return;
    for (const [name, { rows }] of this.#families) {
      for (const [key, { seen }] of rows) {
        if (now - seen <= expirationMs) continue;
        rows.delete(key);
        this.#size--;
      }
      if (rows.size === 0) this.#families.delete(name);
    }
  }
}

type Put = (series: Series, time: number, value: number) => PageRow | "full" | undefined;

/** Puts the samples of one batch on a page. */
export class PageReader implements SeriesReader {
  /** Points that had a series for which there was no room. */
  refused = 0;
  readonly #put: Put;
  readonly #rows = new Map<Series, PageRow>();
  #full = false;

  constructor(put: Put) {
    this.#put = put;
  }

  sample(series: Series, time: number, value: number): void {
    const row = this.#put(series, time, value);
    if (row === "full") this.#full = true;
    else if (row !== undefined) this.#rows.set(series, row);
  }

  /** A page has room for one exemplar of each series: the newest. */
  exemplar(series: Series, exemplar: Exemplar): void {
    const row = this.#rows.get(series);
    if (row !== undefined && (row.exemplar === undefined || row.exemplar.time <= exemplar.time))
      row.exemplar = exemplar;
  }

  pointEnd(): void {
    if (this.#full) this.refused++;
    this.#full = false;
    this.#rows.clear();
  }
}
