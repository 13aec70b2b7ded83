/** Reads `alerts:`: whose rules are evaluated, how often, and which Alertmanagers are told. */
import { dirname } from "node:path";
import { DEFAULT_TENANT, duration, type Field, field, group, list, map, optional, readFields, text } from "@rondo/core";
import type { TreePlace } from "./findings.ts";
import type { AlertmanagerSettings, AlertsSettings, RulePattern, WindowsSettings } from "./graph.ts";
import { docsAsGroup, rawValue } from "./raw-value.ts";
import { isNothing } from "./tree.ts";

const alertmanagerFields = {
  url: text("Its base address, such as http://alertmanager:9093."),
  timeout: duration("How long one request to it may take.", "10s"),
};

/** A field whose shape people expect to be another, as Prometheus's own file has it: they are shown the one that it has. */
function shaped<T>(inner: Field<T>, fits: (raw: unknown) => boolean, wanted: string): Field<T> {
  return {
    ...inner,
    read(raw, place) {
      if (raw === undefined || raw === null || fits(raw)) return inner.read(raw, place);
      place.problem(wanted);
      return undefined;
    },
  };
}

const isMap = (raw: unknown) => raw instanceof Map;
const files = shaped(
  list("Paths; the last part may hold * and ?.", text("A path.")),
  Array.isArray,
  "must be a list of files, such as [alerting-rules.yml]",
);

/** The fields of `alerts:`. */
export const alertsFields = {
  rules: shaped(
    map("Prometheus rule files by tenant; relative ones are searched beside this configuration.", files),
    isMap,
    `must say whose they are, such as {${DEFAULT_TENANT}: [alerting-rules.yml]}; without authentication there is the tenant ${DEFAULT_TENANT} alone`,
  ),
  alertmanagers: shaped(
    list("The Alertmanagers; each is told everything.", group("One of them.", alertmanagerFields), []),
    (raw) => Array.isArray(raw) && raw.every(isMap),
    "must be a list of maps, such as [{url: http://alertmanager:9093}]",
  ),
  evaluation_interval: duration("How often a group is evaluated that does not say so itself.", "1m"),
  resend_delay: duration("How often a firing alert is told again.", "1m"),
  lookback_delta: duration("How old the newest sample of a series may be and still be its value.", "5m"),
  external_url: text("Where people reach this Rondo, for the links in alerts.", "http://localhost:8880"),
  external_labels: map("Labels that every alert gets which has no such label.", text("The value."), new Map()),
  endpoint: text("Where /api/v1/rules and /api/v1/alerts are served, host:port.", "localhost:8880"),
  slos: optional(
    field<null>("not built yet", "SLO files by tenant.", (_, place) => {
      place.warn("is not built yet and left out");
      return null;
    }),
  ),
};

const LEAST_MS = 10;
const MOST_MS = 24 * 3_600_000;

/** The settings of the alert worker; undefined when there is no section, or after a problem. */
export function readAlerts(place: TreePlace, windows: WindowsSettings | undefined): AlertsSettings | undefined {
  if (place.node === undefined || isNothing(place.node)) return undefined;
  const values = readFields(alertsFields, rawValue(place.node, docsAsGroup(alertsFields)), place);
  if (values === undefined) return undefined;
  for (const key of ["evaluation_interval", "resend_delay", "lookback_delta"] as const) {
    if (values[key] < LEAST_MS || values[key] > MOST_MS) place.at(key).problem("must be from 10ms to 24h");
  }
  if (windows !== undefined && windows.pipeline === undefined) {
    place.problem("needs a metrics pipeline: rules are evaluated from what one of them carries");
  }
  if (values.alertmanagers.length === 0) {
    place.warn("names no alertmanagers: alerts are shown at its endpoint, and nobody is told");
  }
  const alertmanagers = values.alertmanagers.map(({ url, timeout }, index) =>
    alertmanager(place.down("alertmanagers", index), url, timeout),
  );
  return {
    rules: new Map([...values.rules].map(([tenant, files]) => [tenant, patterns(place, tenant, files)])),
    alertmanagers,
    evaluationIntervalMs: values.evaluation_interval,
    resendDelayMs: values.resend_delay,
    lookbackMs: values.lookback_delta,
    externalUrl: values.external_url.replace(/\/+$/, ""),
    externalLabels: values.external_labels,
    endpoint: values.endpoint,
  };
}

function patterns(place: TreePlace, tenant: string, files: readonly string[]): readonly RulePattern[] {
  const at = place.down("rules", tenant);
  if (tenant === "") at.problem(`names no tenant; without authentication there is one, "${DEFAULT_TENANT}"`);
  if (files.length === 0) at.warn("has no files");
  return files.map((pattern, index) => {
    if (/[*?[].*\//.test(pattern)) at.at(index).problem("may hold * and ? in its last part only");
    const mark = at.at(index).node?.mark;
    return { pattern, folder: dirname(mark?.file ?? ""), ...(mark && { mark }) };
  });
}

/** Whatever stands behind the address is the Alertmanager's own path prefix, as behind a proxy. */
function alertmanager(place: TreePlace, url: string, timeoutMs: number): AlertmanagerSettings {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    place.at("url").problem("must be an address such as http://alertmanager:9093");
  } else if (parsed.username !== "" || parsed.password !== "") {
    place.at("url").problem("must not hold a user or a password: addresses are shown in logs");
  } else if (/\/api\/v\d/.test(parsed.pathname)) {
    place.at("url").problem("is the base address; leave out the path of the API, which is added");
  }
  return { url: url.replace(/\/+$/, ""), timeoutMs };
}
