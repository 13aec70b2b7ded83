/** `otlphttp`: sends OTLP over HTTP/1.1. In protobuf the request's bytes go out as they are, compressed off the event loop. */
import { defineExporter, Fault } from "@rondo/core";
import { CARRIED, type Carried } from "@rondo/otlp";
import { headersByAuth, usesAuth } from "../auth/client-auth.ts";
import type { HttpEndpoint } from "../http/http-endpoint.ts";
import { metadataOf, sendingExporter } from "../sending-fields.ts";
import { check, fields, type OtlpHttpValues } from "./config.ts";
import { urlOf } from "./endpoint.ts";
import { OtlpHttpSender } from "./sender.ts";

/** The `otlphttp` exporter. */
export const otlphttp = defineExporter({
  type: "otlphttp",
  aliases: ["otlp_http"],
  summary: "Sends to any backend that takes OTLP over HTTP, such as Prometheus, Loki or another Collector.",
  signals: CARRIED,
  fields,
  check,
  uses: usesAuth,
  metadata: metadataOf,
  create: (values, around) =>
    sendingExporter(
      values,
      around,
      (trouble) =>
        new OtlpHttpSender(values, {
          endpoint: endpointOf(values, around.signal),
          clock: around.clock,
          trouble,
          byAuth: headersByAuth(values, around),
        }),
    ),
});

/** One signal may have an address of its own. Throws a Fault `config` when this one has none at all, or an encoding that it cannot have. */
function endpointOf(values: OtlpHttpValues, signal: Carried): HttpEndpoint {
  if (signal === "profiles" && values.encoding === "json")
    throw new Fault(
      "config",
      "encoding: profiles pass through as they came, which is proto; json is for other signals",
    );
  const own = values[`${signal}_endpoint`];
  const endpoint = urlOf(signal, values.endpoint, own);
  if (endpoint === undefined)
    throw new Fault("config", `set endpoint or ${signal}_endpoint: ${signal} have nowhere to go`);
  return endpoint;
}
