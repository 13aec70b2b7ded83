import { otlp, otlphttp } from "@rondo/exporters";
import { exporterContract } from "./exporter-contract.ts";
import { stubGrpc } from "./stub-grpc.ts";
import { stubHttp } from "./stub-http.ts";

exporterContract({
  type: otlp,
  backend: stubGrpc,
  config: (port) => ({ endpoint: `127.0.0.1:${port}`, tls: { insecure: true } }),
});

exporterContract({
  type: otlphttp,
  backend: stubHttp,
  config: (port) => ({ endpoint: `http://127.0.0.1:${port}` }),
});
