/** OTLP/JSON: requests between JSON text and protobuf bytes, exact to the last bit. Needs no codec. */
export { requestFromJson } from "./from-json.ts";
export { requestToJson } from "./to-json.ts";
