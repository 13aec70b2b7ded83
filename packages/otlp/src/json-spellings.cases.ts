/** OTLP/JSON as any client may write it: the same request in other words, order and white space. For tests. */
import { type Field, type Message, messageOf } from "./schema.ts";

/** Makes choices: an integer from 0 up to, not including, `below`. */
export type Choose = (below: number) => number;

/** Choices that depend on the seed alone (Numerical Recipes' generator). */
export function choices(seed: number): Choose {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 0x1_0000_0000) * below);
  };
}

const IDS = new Set(["traceId", "spanId", "parentSpanId"]);
const SPACES = ["", "", "", " ", "\n  ", "\t", "\r\n"];
const NOISE = [
  '"_":null',
  '"unknown":{"a":[1,"\\u007b",{"b":[]}],"":-1.5e-7}',
  '"trace_id":"x"',
  '"names":true',
  '"\\ud83d\\ude00":[[[]]]',
];

/** The text of a decoded message; every call of `choose` may come out another way. */
export function spelledMessage(name: string, value: object, choose: Choose): string {
  return spellObject(messageOf(name), value, choose);
}

function spellObject(message: Message, value: object, choose: Choose): string {
  const space = () => SPACES[choose(SPACES.length)] ?? "";
  const members: string[] = [];
  for (const [name, inner] of Object.entries(value)) {
    const field = message.byName.get(name);
    if (field === undefined || inner === undefined) continue;
    if (Array.isArray(inner) && inner.length === 0 && choose(2) === 0) continue;
    const element = (one: unknown) => space() + spellValue(field, one, choose) + space();
    const text = Array.isArray(inner)
      ? `[${inner.length === 0 ? space() : inner.map(element).join(",")}]`
      : element(inner);
    members.splice(choose(members.length + 1), 0, `${spellText(name, choose)}${space()}:${space()}${text}`);
  }
  if (choose(4) === 0) members.splice(choose(members.length + 1), 0, NOISE[choose(NOISE.length)] ?? "");
  // null is absence.
  const absent = [...message.byName.keys()].filter((name) => !Object.hasOwn(value, name));
  if (absent.length > 0 && choose(4) === 0) members.push(`"${absent[choose(absent.length)]}":${space()}null`);
  return `${space()}{${members.length === 0 ? space() : members.map((one) => space() + one + space()).join(",")}}${space()}`;
}

function spellValue(field: Field, value: unknown, choose: Choose): string {
  if (field.message !== undefined) return spellObject(field.message, Object(value), choose);
  if (value instanceof Uint8Array) return spellBytes(field, Buffer.from(value), choose);
  if (typeof value === "bigint") return choose(2) === 0 ? `"${value}"` : String(value);
  if (typeof value === "number") return spellNumber(field, value, choose);
  return typeof value === "string" ? spellText(value, choose) : String(value);
}

function spellNumber(field: Field, value: number, choose: Choose): string {
  if (field.kind !== "double") {
    const named = [...(field.numbers ?? [])].find(([, number]) => number === value);
    if (named !== undefined && choose(3) === 0) return `"${named[0]}"`;
    return [`${value}`, `"${value}"`, `${value}.0`, `${value}e0`][choose(4)] ?? "";
  }
  if (!Number.isFinite(value)) return `"${value}"`;
  const text = Object.is(value, -0) ? "-0" : String(value);
  return [text, `"${text}"`, value.toExponential().replace(/^0e\+0$/, text), text][choose(4)] ?? "";
}

function spellBytes(field: Field, value: Buffer, choose: Choose): string {
  if (IDS.has(field.name)) return `"${choose(2) === 0 ? value.toString("hex") : value.toString("hex").toUpperCase()}"`;
  const text = value.toString(choose(2) === 0 ? "base64" : "base64url");
  return `"${choose(2) === 0 ? text.replace(/=/g, "") : text}"`;
}

function spellText(text: string, choose: Choose): string {
  const plain = JSON.stringify(text);
  if (choose(4) !== 0) return plain;
  const unit = (code: number) => `\\u${code.toString(16).padStart(4, "0")}`;
  if (choose(2) === 0) return `"${Array.from({ length: text.length }, (_, i) => unit(text.charCodeAt(i))).join("")}"`;
  return plain.replace(/[^ -~]/g, (letter) => unit(letter.charCodeAt(0))).replaceAll("/", "\\/");
}
