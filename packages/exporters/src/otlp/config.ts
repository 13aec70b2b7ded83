/** The keys of `otlp` (the Collector's otlp_grpc exporter) and their defaults. */
import {
  clientTls,
  duration,
  flag,
  group,
  idleKey,
  integer,
  optional,
  refusedKey,
  text,
  type ValuesOf,
} from "@rondo/core";
import { clientAuth } from "../auth/client-auth.ts";
import { compression, headers, retryOnFailure, sendingQueue } from "../sending-fields.ts";
import { grpcEndpoint } from "./endpoint.ts";

const WINDOWS = "flow control is the transport's";

/** Fields of the exporter. */
export const fields = {
  endpoint: grpcEndpoint,
  tls: clientTls,
  headers,
  compression: compression(["gzip", "deflate"]),
  compression_params: idleKey("The compression level.", "the algorithm's own default is used"),
  timeout: duration("How long one try may take. 0 is no bound.", "5s"),
  retry_on_failure: retryOnFailure,
  sending_queue: sendingQueue,
  wait_for_ready: flag("Let a try wait for a connection until its timeout, instead of failing at once.", false),
  balancer_name: text("How requests spread over a name's addresses: round_robin or pick_first.", "round_robin"),
  authority: text("The :authority to send, instead of the endpoint's.", ""),
  keepalive: optional(
    group("Pings that find out whether a silent connection is alive. Off unless set, as in the Collector.", {
      time: duration("Silence before a ping; servers may refuse less than 5m.", "10s"),
      timeout: duration("How long an answer to a ping may take.", "20s"),
      permit_without_stream: flag("Ping while no request is open, too.", false),
    }),
  ),
  read_buffer_size: idleKey("Bytes of the read buffer.", WINDOWS),
  write_buffer_size: idleKey("Bytes of the write buffer.", WINDOWS),
  max_response_size: integer("Most bytes of an answer; Rondo's own key.", 4_194_304, { min: 1_024, max: 67_108_864 }),
  auth: clientAuth,
  middlewares: refusedKey("Extensions around the client.", "remove the key"),
};

/** What the fields parse to. */
export type OtlpValues = ValuesOf<typeof fields>;
