/** OTLP over gRPC: the three Export methods of grpc-js on raw bytes, with the same limits and the same answers as HTTP. */
import type { ServerOptions, ServerUnaryCall, sendUnaryData } from "@grpc/grpc-js";
import { Fault } from "@rondo/core";
import { encodeResponse, type Signal } from "@rondo/otlp";
import { type Calls, grpcStatus, watchCalls } from "./grpc-calls.ts";
import { grpcServer } from "./grpc-http2.ts";
import { type Inflation, inflation } from "./inflate.ts";
import type { Answer } from "./intake.ts";
import { bind, type Listener, type ListenerOptions, MAX_CONNECTIONS } from "./listener.ts";
import type { Outcome } from "./metrics.ts";
import { BODY_BYTES, type GrpcValues } from "./otlp-receiver.ts";
import { requestFault } from "./status-table.ts";

const CONCURRENT_CALLS = 256;

/** The unary Export methods. opentelemetry-proto, collector services. */
const METHODS: Readonly<Record<Signal, string>> = {
  traces: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
  metrics: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
  logs: "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
};

const raw = (bytes: Buffer) => bytes;

/** Starts the gRPC listener of a receiver. Rejects with a `startup` Fault when the endpoint cannot be bound. */
export async function startGrpc(values: GrpcValues, options: ListenerOptions): Promise<Listener> {
  const limit = values.max_recv_msg_size_mib > 0 ? values.max_recv_msg_size_mib << 20 : BODY_BYTES;
  const inflating = inflation();
  const calls = watchCalls({
    intake: options.intake,
    inflation: inflating,
    limit,
    clock: options.clock,
    refused: ({ fault }) => options.answered(fault.code, 0),
  });
  const server = grpcServer({ ...serverOptions(values, limit), interceptors: [calls.interceptor] }, options.clock);
  server.http2.maxConnections = MAX_CONNECTIONS;
  calls.watch(server.http2);
  // What is not registered, a signal without a pipeline among it, is answered UNIMPLEMENTED by grpc-js.
  for (const signal of options.signals) {
    server.grpc.register(METHODS[signal], exporter(signal, limit, options, calls, inflating), raw, raw, "unary");
  }
  const { address, port } = await bind(server.http2, options.endpoint, options.key);
  return { protocol: "grpc", host: address, port, stop: server.drain, close: server.close };
}

function serverOptions({ max_concurrent_streams, keepalive }: GrpcValues, limit: number): ServerOptions {
  const { max_connection_idle, max_connection_age, max_connection_age_grace, time, timeout } =
    keepalive.server_parameters;
  const set = (name: keyof ServerOptions, ms: number) => (ms > 0 ? { [name]: ms } : {});
  return {
    "grpc.max_receive_message_length": limit,
    "grpc.max_concurrent_streams": max_concurrent_streams || CONCURRENT_CALLS,
    "grpc.enable_channelz": 0,
    ...set("grpc.max_connection_idle_ms", max_connection_idle),
    ...set("grpc.max_connection_age_ms", max_connection_age),
    ...set("grpc.max_connection_age_grace_ms", max_connection_age_grace),
    ...set("grpc.keepalive_time_ms", time),
    ...set("grpc.keepalive_timeout_ms", timeout),
  };
}

type Export = (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => void;

function exporter(signal: Signal, limit: number, options: ListenerOptions, calls: Calls, inflating: Inflation): Export {
  const { receiver, tenant, intake, clock, answered } = options;
  const account = { receiver, signal, tenant };
  const success = Buffer.from(encodeResponse(signal, undefined));

  const take = async (call: ServerUnaryCall<Buffer, Buffer>): Promise<Answer> => {
    const open = calls.find(call.metadata);
    let body: Uint8Array = call.request;
    const permit = open?.takePermit() ?? intake.admission.take(body.length);
    if (permit === undefined) return intake.overloaded(body.length);
    if (open?.compression !== undefined) {
      try {
        body = await inflating.inflate(open.compression, body, limit);
      } catch (thrown) {
        permit.release();
        return intake.refuse(requestFault(thrown));
      }
    }
    if (permit.resize(body.length)) return await intake.take(account, body, permit);
    permit.release();
    return intake.overloaded(body.length);
  };

  const answer = (given: Answer, callback: sendUnaryData<Buffer>): Outcome => {
    if (given.kind === "accepted") {
      const { rejected, message } = given;
      callback(null, rejected === 0 ? success : Buffer.from(encodeResponse(signal, { rejected, message })));
      return rejected === 0 ? "ok" : "partial";
    }
    callback(grpcStatus(given));
    return given.fault.code;
  };

  return (call, callback) => {
    const arrived = clock.monotonic();
    take(call)
      .catch((thrown: unknown): Answer => {
        const fault = Fault.from(thrown);
        options.log.error("a request could not be answered", { receiver, fault: fault.stack });
        return { kind: "refused", fault };
      })
      .then((given) => answered(answer(given, callback), (clock.monotonic() - arrived) / 1_000));
  };
}
