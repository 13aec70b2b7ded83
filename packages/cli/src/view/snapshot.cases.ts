/** A snapshot of the demo in full flow, for the tests of the view. */
import type { Snapshot } from "./snapshot.ts";

/** Two seconds before FLOWING. */
export const EARLIER: Snapshot = {
  at: 1000,
  waitingFor: [],
  addresses: [
    ["OTLP/gRPC", "127.0.0.1:4317"],
    ["OTLP/HTTP", "http://127.0.0.1:4318"],
    ["metrics", "http://127.0.0.1:8888/metrics"],
  ],
  received: [
    { signal: "traces", accepted: 246, refused: 0 },
    { signal: "metrics", accepted: 151, refused: 0 },
    { signal: "logs", accepted: 63, refused: 0 },
  ],
  pipelines: [
    {
      pipeline: "traces",
      signal: "traces",
      entered: 240,
      created: 0,
      forwarded: 240,
      dropped: {},
      inFlight: 0,
      lag: 1,
    },
  ],
  exporters: [exporter("otlp/tempo", 200)],
};

/** 25 spans later, with something dropped, something repeated and something on its way. */
export const FLOWING: Snapshot = {
  ...EARLIER,
  at: 3000,
  received: [
    { signal: "traces", accepted: 271, refused: 0 },
    { signal: "metrics", accepted: 151, refused: 0 },
    { signal: "logs", accepted: 63, refused: 12 },
  ],
  pipelines: [
    {
      pipeline: "traces",
      signal: "traces",
      entered: 271,
      created: 2,
      forwarded: 273,
      dropped: {},
      inFlight: 0,
      lag: 0,
    },
    { pipeline: "logs", signal: "logs", entered: 63, created: 0, forwarded: 63, dropped: {}, inFlight: 0, lag: 0 },
  ],
  exporters: [
    { ...exporter("otlp/tempo", 255), dropped: { backend_rejected: 6 }, inFlight: 12, lag: 3, redelivered: 4 },
    exporter("debug", 273),
    { ...exporter("debug", 63), pipeline: "logs", signal: "logs", entered: 63 },
  ],
};

function exporter(id: string, delivered: number): Snapshot["exporters"][number] {
  const row = {
    pipeline: "traces",
    signal: "traces",
    entered: 273,
    dropped: {},
    deadLettered: 0,
    redelivered: 0,
  } as const;
  return { ...row, exporter: id, delivered, inFlight: 0, lag: 0 };
}
