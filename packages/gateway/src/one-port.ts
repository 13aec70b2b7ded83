/** Starts both protocols of a receiver on the endpoint that they share. */
import { serveGrpc } from "./grpc.ts";
import { startHttp } from "./http.ts";
import type { Listener, ListenerOptions } from "./listener.ts";
import type { GrpcValues, HttpValues } from "./otlp-receiver.ts";

/** A protocol's values, and what its listener is given. */
export interface Protocolled<V> {
  readonly values: V;
  readonly options: ListenerOptions;
}

/**
 * Binds the endpoint of `http` for both, with its TLS: that of `grpc` is not looked at. Rejects with a `startup` Fault when it cannot
 * be bound. Connections are bounded together, as those of one listener; calls and requests as each protocol bounds them.
 */
export async function startOnePort(
  grpc: Protocolled<GrpcValues>,
  http: Protocolled<HttpValues>,
): Promise<readonly Listener[]> {
  const connections = serveGrpc(grpc.values, grpc.options);
  const listener = await startHttp(http.values, http.options, connections.server);
  const { host, port } = listener;
  return [{ protocol: "grpc", host, port, stop: connections.drain, close: connections.close }, listener];
}
