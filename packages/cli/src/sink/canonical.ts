/**
 * A decoded OTLP message as text that depends on its meaning alone: field order, attribute order, the encoding it came
 * in (protobuf or JSON) and the spelling of defaults leave no trace. 64-bit numbers keep every digit.
 */

/** A decoded message: fields by their JSON names. */
export type Message = Readonly<Record<string, unknown>>;

/** Fields whose zero differs from their absence: members of a oneof, and proto3 `optional`. */
const PRESENCE = new Set("stringValue boolValue intValue doubleValue bytesValue asInt asDouble sum min max".split(" "));

/** Lists of key and value, in which order means nothing. */
const ATTRIBUTES = new Set(["attributes", "filteredAttributes"]);

/** The text of a value: of a message, a list, a number or bytes. Throws a TypeError for what no message can hold. */
export function canonical(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value === "bigint" || typeof value === "boolean") return String(value);
  if (value instanceof Uint8Array) return `x${hex(value)}`;
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isMessage(value)) throw new TypeError(`no OTLP message holds a ${typeof value}`);
  const fields = Object.keys(value)
    .sort()
    .filter((key) => meansSomething(key, value[key]))
    .map((key) => `${key}:${ATTRIBUTES.has(key) ? attributesText(listOf(value, key)) : canonical(value[key])}`);
  return `{${fields.join(",")}}`;
}

/** The text of an attribute list, sorted by key, without the keys in `ignore`. Equal keys keep their order. */
export function attributesText(attributes: readonly Message[], ignore: ReadonlySet<string> = new Set()): string {
  const pairs = attributes
    .map(({ key, value }) => ({ key: String(key ?? ""), value: value == null ? "" : canonical(value) }))
    .filter(({ key }) => !ignore.has(key))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return `[${pairs.map(({ key, value }) => `${JSON.stringify(key)}=${value}`).join(",")}]`;
}

/** The messages in a repeated field; empty when it is absent. */
export function listOf(message: Message, key: string): readonly Message[] {
  const value = message[key];
  return Array.isArray(value) ? value.filter(isMessage) : [];
}

/** The message in a field; an empty one when it is absent. */
export function messageOf(message: Message, key: string): Message {
  const value = message[key];
  return isMessage(value) ? value : {};
}

/** Bytes as lower-case hexadecimal digits. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

function isMessage(value: unknown): value is Message {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a field is more than the default that its absence would mean. */
function meansSomething(key: string, value: unknown): boolean {
  if (value === undefined || value === null) return false;
  if (PRESENCE.has(key)) return true;
  if (value instanceof Uint8Array || Array.isArray(value) || typeof value === "string") return value.length > 0;
  return value !== 0 && value !== 0n && value !== false;
}
