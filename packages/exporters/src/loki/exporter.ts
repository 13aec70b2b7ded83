/** `loki`: sends logs to Loki in OTLP, each tenant's under its own name. */
import { defineExporter, Fault } from "@rondo/core";
import { headersByAuth, usesAuth } from "../auth/client-auth.ts";
import { tenantHeader } from "../http/tenant-header.ts";
import { OtlpHttpSender } from "../otlphttp/sender.ts";
import { metadataOf, sendingExporter } from "../sending-fields.ts";
import { check, fields } from "./config.ts";
import { logsEndpoint } from "./endpoint.ts";

/** The `loki` exporter. */
export const loki = defineExporter({
  type: "loki",
  summary: "Sends logs to Grafana Loki 3 or newer. A tenant other than `default` goes out as X-Scope-OrgID.",
  signals: ["logs"],
  fields,
  check,
  uses: usesAuth,
  metadata: metadataOf,
  create: (values, around) => {
    const { endpoint } = values;
    if (endpoint === null) throw new Fault("config", "set endpoint: logs have nowhere to go");
    return sendingExporter(values, around, (trouble) => {
      const byAuth = headersByAuth(values, around);
      const parts = { endpoint: logsEndpoint(endpoint), clock: around.clock, trouble, byAuth, headersOf: tenantHeader };
      return new OtlpHttpSender({ ...values, encoding: "proto" }, parts);
    });
  },
});
