/** Reads what the debug exporter captured: one JSON object a line, the request's bytes in base64. */
import { identify, ledgerLine } from "./identity.ts";

/** The ledger lines of one captured request; undefined for a line that a kill tore off. */
export function capturedLines(line: string): readonly string[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return undefined;
  }
  const fields = new Map<string, unknown>(Object.entries(parsed ?? {}));
  const [signal, body, items] = [fields.get("signal"), fields.get("body"), fields.get("items")];
  if ((signal !== "traces" && signal !== "metrics" && signal !== "logs") || typeof body !== "string")
    throw new Error(`not a captured request: ${line.slice(0, 100)}`);
  const found = identify(signal, Buffer.from(body, "base64"), true);
  if (found.length !== items) throw new Error(`a captured request says ${items} items and holds ${found.length}`);
  return found.map((one) => ledgerLine(signal, one));
}
