/**
 * Joins what several threads hold of a page into one text: each family once, with the series of all.
 * Specs: as in page-part.ts; both formats want the lines of a family together, and OpenMetrics an end.
 */
import type { Format } from "@rondo/monitor";
import type { FamilyPart, PagePart, RowPart } from "./page-part.ts";

/** The whole page. Where parts disagree about a family's head, the first of them has the word. */
export function joinParts(parts: readonly PagePart[], format: Format): string {
  const families = [...Map.groupBy(parts.flat(), ({ name }) => name)].sort(([a], [b]) => (a < b ? -1 : 1));
  const lines = families.flatMap(([, same]) => [
    ...(same[0]?.head ?? []),
    ...rowsOf(same).map(({ series, rest }) => `${series} ${rest}`),
  ]);
  if (format === "openmetrics") lines.push("# EOF");
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

/**
 * The rows of one family. A partition that has moved leaves its series behind in a thread where they have yet to expire: of a
 * series that is held twice, the newest value counts, in the place of the first, so that buckets stay in order.
 */
function rowsOf(same: readonly FamilyPart[]): readonly RowPart[] {
  const [only, ...others] = same;
  if (only !== undefined && others.length === 0) return only.rows;
  const rows = new Map<string, RowPart>();
  for (const row of same.flatMap((part) => part.rows)) {
    const held = rows.get(row.series);
    if (held === undefined || held.time < row.time) rows.set(row.series, row);
  }
  return [...rows.values()];
}
