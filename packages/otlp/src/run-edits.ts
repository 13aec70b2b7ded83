/** Runs compiled edits over one attribute list. What the actions mean is written at `Edit`. */
import { hash } from "node:crypto";
import { ANY, anyValue, memberOf } from "./any-value.ts";
import type { AttributeList } from "./attribute-list.ts";
import { convertValue } from "./convert-value.ts";
import { Wire } from "./cursor.ts";
import type { EachStep, EditProgram, SetStep, Step } from "./edit.ts";

const utf8 = new TextEncoder();

/** Applies every step, in order, to the list. */
export function runEdits(program: EditProgram, list: AttributeList): void {
  for (const step of program.steps) run(step, list);
}

function run(step: Step, list: AttributeList): void {
  switch (step.action) {
    case "insert":
    case "update":
    case "upsert":
      set(step, list);
      break;
    case "delete":
      each(step, list, (index) => list.remove(index));
      break;
    case "hash":
      each(step, list, (index) => list.set(index, hashed(list.value(index))));
      break;
    case "convert": {
      const index = list.find(step.key);
      const converted = index < 0 ? undefined : convertValue(list.value(index), step.to);
      if (converted !== undefined) list.set(index, converted);
      break;
    }
    case "extract": {
      const index = list.find(step.key);
      const member = index < 0 ? undefined : memberOf(list.value(index));
      if (member?.field !== ANY.string) break;
      for (const [key, value] of step.extract(member.text()) ?? []) {
        const name = utf8.encode(key);
        const target = list.find(name);
        if (target < 0) list.add(name, anyValue(value));
        else list.set(target, anyValue(value));
      }
    }
  }
}

function set(step: SetStep, list: AttributeList): void {
  const index = list.find(step.key);
  if (index >= 0 ? step.action === "insert" : step.action === "update") return;
  let value = step.constant?.value;
  if (value === undefined) {
    const source = step.from === undefined ? -1 : list.find(step.from);
    if (source < 0) return;
    value = list.value(source);
  }
  if (index < 0) list.add(step.key, value, step.constant);
  else list.set(index, value, step.constant);
}

/** Calls `act` for every attribute that a delete or hash means, but once. */
function each(step: EachStep, list: AttributeList, act: (index: number) => void): void {
  const { key, matches } = step;
  if (key !== undefined) for (let i = list.find(key); i >= 0; i = list.find(key, i + 1)) act(i);
  if (matches === undefined) return;
  const named = key === undefined ? undefined : new TextDecoder().decode(key);
  for (let i = 0; i < list.length; i++) {
    if (!list.has(i)) continue;
    const text = list.key(i);
    if (text !== named && matches(text)) act(i);
  }
}

/** The AnyValue that hides a value, as the Collector's hash action writes it. */
function hashed(value: Uint8Array): Uint8Array {
  const member = memberOf(value);
  if (member === undefined) return EMPTY_STRING;
  let input: Uint8Array;
  switch (member.field) {
    case ANY.string:
    case ANY.double:
      input = member.slice();
      break;
    case ANY.bool:
      input = Uint8Array.of(member.number() === 0 ? 0 : 1);
      break;
    case ANY.int:
      input = new Uint8Array(BigInt64Array.of(member.int64()).buffer);
      break;
    default:
      return EMPTY_STRING;
  }
  if (input.length === 0) return EMPTY_STRING;
  const out = Buffer.allocUnsafe(2 + HEX_DIGITS);
  out[0] = ANY.string * 8 + Wire.bytes;
  out[1] = HEX_DIGITS;
  out.write(hash("sha256", input, "hex"), 2, "latin1");
  return out;
}

const EMPTY_STRING = anyValue("");
const HEX_DIGITS = 64;
