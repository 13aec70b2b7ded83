/** The gateway role: OTLP receivers on gRPC and HTTP, admission, batching into the log. */
export { creditsFrom } from "./admission.ts";
export { basicAuthExtension } from "./auth/basic-auth.ts";
export { bearerTokenAuthExtension } from "./auth/bearer-token-auth.ts";
export { clientCertAuthExtension } from "./auth/client-cert-auth.ts";
export type { Endpoint } from "./endpoint.ts";
export { type Address, type Gateway, type GatewayOptions, startGateway } from "./gateway.ts";
export {
  type Account,
  type GatewayMetrics,
  noMetrics,
  type Outcome,
  type Protocol,
  type Reasons,
  registryMetrics,
} from "./metrics.ts";
export { type OtlpReceiverValues, otlpReceiver } from "./otlp-receiver.ts";
export { readTotals, type Total } from "./totals.ts";
