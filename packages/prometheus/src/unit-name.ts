/** OTLP's units (UCUM) as Prometheus spells them: `By/s` becomes `bytes_per_second`. */

/**
 * Spellings of otlptranslator's table, its slips included (`TiBy` is tebibytes, and `kBy` is missing): a name that changes with
 * a release breaks every rule and dashboard that has it.
 */
const UNITS: Readonly<Record<string, string>> = {
  d: "days",
  h: "hours",
  min: "minutes",
  s: "seconds",
  ms: "milliseconds",
  us: "microseconds",
  ns: "nanoseconds",
  By: "bytes",
  KiBy: "kibibytes",
  MiBy: "mebibytes",
  GiBy: "gibibytes",
  TiBy: "tibibytes",
  KBy: "kilobytes",
  MBy: "megabytes",
  GBy: "gigabytes",
  TBy: "terabytes",
  m: "meters",
  V: "volts",
  A: "amperes",
  J: "joules",
  W: "watts",
  g: "grams",
  Cel: "celsius",
  Hz: "hertz",
  "1": "",
  "%": "percent",
};

/** Behind a slash, in the singular. */
const PER_UNITS: Readonly<Record<string, string>> = {
  s: "second",
  m: "minute",
  h: "hour",
  d: "day",
  w: "week",
  mo: "month",
  y: "year",
};

/** The two halves of a unit, each "" where there is nothing to add to a name. */
export interface UnitSuffixes {
  readonly main: string;
  /** With its `per_`. */
  readonly per: string;
}

/** What a unit adds to a name, before escaping. Annotations in braces, such as `{request}`, add nothing. */
export function unitSuffixes(unit: string): UnitSuffixes {
  const slash = unit.indexOf("/");
  const main = (slash < 0 ? unit : unit.slice(0, slash)).trim();
  const per = slash < 0 ? "" : unit.slice(slash + 1).trim();
  const perName = spelled(PER_UNITS, per);
  return { main: spelled(UNITS, main), per: perName === "" ? "" : `per_${perName}` };
}

/** A unit that the table does not have stands for itself. */
function spelled(table: Readonly<Record<string, string>>, unit: string): string {
  if (/[{}]/.test(unit)) return "";
  return (Object.hasOwn(table, unit) ? table[unit] : undefined) ?? unit;
}

/** A part of a unit with what a name cannot have replaced by single underscores, and none in front. */
export function escapeUnit(part: string): string {
  return part.replace(/[^A-Za-z0-9:]+/g, "_").replace(/^_/, "");
}

/** The unit for metadata, such as `seconds`; "" when OTLP names none or one without a spelling. */
export function unitName(unit: string, escaped: boolean): string {
  const { main, per } = unitSuffixes(unit);
  const parts = escaped ? [escapeUnit(main), escapeUnit(per)] : [main, per];
  return parts
    .filter((part) => part !== "")
    .join("_")
    .replace(/^_|_$/g, "");
}
