/** What a replay says of itself, line by line. */
import type { ReplayStatus } from "@rondo/worker";

/** How far an exporter's part is, while it runs. */
export function progressLine(exporter: string, { records, row, at }: ReplayStatus): string {
  const where = at === undefined ? "" : `, at ${new Date(at).toISOString()}`;
  return `${exporter}: ${records} records, ${row.delivered} items delivered${where}`;
}

/** What became of it, at its end. Items are those of the whole run, records those that this process sent. */
export function resultLine(exporter: string, { records, row, isDone }: ReplayStatus): string {
  const refused = Object.entries(row.dropped).map(
    ([place, items]) => `${items} refused (${place.slice(place.lastIndexOf("/") + 1)})`,
  );
  const parts = [`${row.delivered} delivered`, ...(refused.length === 0 ? ["0 refused"] : refused)];
  return `${exporter}: ${records} records, ${row.entered} items: ${parts.join(", ")}${isDone ? "" : "; not at its end"}`;
}

/** How the same command goes on with a run, as a shell takes it. */
export function goOnLine(run: string, pipeline: string, flags: readonly (readonly [string, string])[]): string {
  const quoted = (value: string) => (/^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`);
  const rest = flags.map(([flag, value]) => ` ${flag} ${quoted(value)}`).join("");
  return `go on with: rondo replay --run ${run} --pipeline ${quoted(pipeline)}${rest}`;
}
