/** Requests of one client and signal go one after the other, as its SDK sent them; different clients go side by side. */
import { decodeRequest } from "@rondo/otlp/codec";
import { attributesText, listOf, type Message, messageOf } from "../sink/canonical.ts";
import type { Recorded } from "./recording.ts";

/** A text that is equal for requests of one client, one signal and one protocol: the resource they begin with. */
export function laneOf({ signal, via, body }: Recorded): string {
  const request: Message = { ...decodeRequest(signal, body) };
  const [first = {}] = Object.keys(request).flatMap((key) => listOf(request, key));
  return `${via} ${signal} ${attributesText(listOf(messageOf(first, "resource"), "attributes"))}`;
}
