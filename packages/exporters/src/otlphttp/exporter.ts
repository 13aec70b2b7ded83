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
  refuses,
  create(values, around) {
    const { signal, clock } = around;
    const why = refuses(values, signal);
    const endpoint = endpointOf(values, signal);
    if (why !== undefined || endpoint === undefined) throw new Fault("config", why ?? "there is no endpoint");
    return sendingExporter(values, around, (trouble) => {
      return new OtlpHttpSender(values, { endpoint, clock, trouble, byAuth: headersByAuth(values, around) });
    });
  },
});

/** One signal may have an address of its own; undefined when this one has none at all. */
function endpointOf(values: OtlpHttpValues, signal: Carried): HttpEndpoint | undefined {
  return urlOf(signal, values.endpoint, values[`${signal}_endpoint`]);
}

function refuses(values: OtlpHttpValues, signal: Carried): string | undefined {
  if (signal === "profiles" && values.encoding === "json")
    return "encoding: profiles pass through as they came, which is proto; json is for other signals";
  if (endpointOf(values, signal) === undefined)
    return `set endpoint or ${signal}_endpoint: ${signal} have nowhere to go`;
  return undefined;
}
