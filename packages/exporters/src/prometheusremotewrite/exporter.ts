/** `prometheusremotewrite`: sends metrics to Prometheus, Mimir, Thanos and others by remote write, version 1 or 2. */
import { defineExporter, Fault } from "@rondo/core";
import { Recurring } from "@rondo/delivery";
import { headersByAuth, usesAuth } from "../auth/client-auth.ts";
import { HttpConnections } from "../http/connections.ts";
import { retryPolicyOf } from "../sending-fields.ts";
import { check, fields } from "./config.ts";
import { RemoteWriteSender } from "./sender.ts";

/** The `prometheusremotewrite` exporter. */
export const prometheusRemoteWrite = defineExporter({
  type: "prometheusremotewrite",
  aliases: ["prometheus_remote_write"],
  summary: "Sends metrics by Prometheus remote write. A tenant other than `default` goes out as X-Scope-OrgID.",
  signals: ["metrics"],
  fields,
  check,
  uses: usesAuth,
  create: (values, around) => {
    const { log, clock } = around;
    const { endpoint } = values;
    if (endpoint === null) throw new Fault("config", "set endpoint: metrics have nowhere to go");
    const connections = new HttpConnections(values, endpoint, headersByAuth(values, around));
    const sender = new RemoteWriteSender(values, connections, clock, new Recurring(log, clock));
    return {
      deliver: (batch, abort) => sender.send(batch, abort),
      // Of a try, which may be several requests: the next try goes on behind those that were settled.
      timeoutMs: values.timeout,
      retry: retryPolicyOf(values.retry_on_failure),
      close: () => sender.close(),
    };
  },
});
