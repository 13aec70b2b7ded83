/** `loki`: sends logs to Loki in OTLP, each tenant's under its own name. */
import { type Batch, DEFAULT_TENANT, defineExporter, Fault } from "@rondo/core";
import { OtlpHttpSender } from "../otlphttp/sender.ts";
import { sendingExporter } from "../sending-fields.ts";
import { check, fields } from "./config.ts";
import { logsEndpoint } from "./endpoint.ts";

/** The `loki` exporter. */
export const loki = defineExporter({
  type: "loki",
  summary: "Sends logs to Grafana Loki 3 or newer. A tenant other than `default` goes out as X-Scope-OrgID.",
  signals: ["logs"],
  fields,
  check,
  create: (values, around) => {
    const { endpoint } = values;
    if (endpoint === null) throw new Fault("config", "set endpoint: logs have nowhere to go");
    return sendingExporter(values, around, (trouble) => {
      const parts = { endpoint: logsEndpoint(endpoint), clock: around.clock, trouble, headersOf: tenantHeader };
      return new OtlpHttpSender({ ...values, encoding: "proto" }, parts);
    });
  },
});

/**
 * What everybody sends without a tenant belongs to whom `headers` names, or to a Loki that asks for nobody. A tenant's data
 * is never sent under another name, whatever stands in `headers`.
 */
function tenantHeader({ tenant }: Batch): Readonly<Record<string, string>> {
  return tenant === DEFAULT_TENANT ? {} : { "x-scope-orgid": tenant };
}
