/** The keys of every exporter that sends over HTTP (the Collector's confighttp), with their defaults, in one place. */
import { clientTls, duration, flag, idleKey, integer, refusedKey, type ValuesOf } from "@rondo/core";
import { clientAuth } from "../auth/client-auth.ts";
import { headers } from "../sending-fields.ts";

const HTTP2 = "requests go out over HTTP/1.1";

/** Fields of the connections; address, timeout and compression are each exporter's own. */
export const connectionFields = {
  tls: clientTls,
  headers,
  compression_params: idleKey("The compression level.", "the algorithm's own default is used"),
  max_conns_per_host: integer("Most connections at once; 0 is one for each request in flight.", 0),
  max_idle_conns: integer("Most idle connections that are kept.", 100, { min: 1 }),
  max_idle_conns_per_host: idleKey("Most idle connections to one host.", "there is one host; see max_idle_conns"),
  idle_conn_timeout: duration(
    "How long an idle connection is kept; never longer than 4s, before servers close it under a request.",
    "90s",
  ),
  disable_keep_alives: flag("Open a connection for every request.", false),
  read_buffer_size: idleKey("Bytes of the read buffer.", "buffers are Node's"),
  write_buffer_size: idleKey("Bytes of the write buffer.", "buffers are Node's"),
  http2_read_idle_timeout: idleKey("Silence before an HTTP/2 ping.", HTTP2),
  http2_ping_timeout: idleKey("How long an answer to an HTTP/2 ping may take.", HTTP2),
  force_attempt_http2: idleKey("Prefer HTTP/2.", HTTP2),
  proxy_url: refusedKey("A proxy to go through.", "route to the backend directly, or remove the key"),
  auth: clientAuth,
  cookies: refusedKey("Keep the backend's cookies.", "remove the key"),
  middlewares: refusedKey("Extensions around the client.", "remove the key"),
};

/** What the fields parse to. */
export type ConnectionValues = ValuesOf<typeof connectionFields>;
