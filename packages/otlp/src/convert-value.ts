/** Converts one AnyValue into another type, by the rules of the Collector's convert action. */
import { ANY, anyValue, memberOf, type Value } from "./any-value.ts";
import type { Cursor } from "./cursor.ts";
import { valueText } from "./value-text.ts";

/** The AnyValue bytes after conversion; undefined when the value has the type already or does not convert. */
export function convertValue(value: Uint8Array, to: "int" | "double" | "string"): Uint8Array | undefined {
  const member = memberOf(value);
  if (to === "string") return member?.field === ANY.string ? undefined : anyValue(valueText(value));
  if (member === undefined) return undefined;
  const converted = to === "int" ? toInt(member) : toDouble(member);
  if (converted === undefined) return undefined;
  return typeof converted === "bigint" ? anyValue(converted) : double(converted);
}

/** A double stays one even where it is integral. */
function double(value: number): Uint8Array {
  const bytes = new Uint8Array(9);
  bytes[0] = ANY.double * 8 + 1;
  new DataView(bytes.buffer).setFloat64(1, value, true);
  return bytes;
}

function toInt(member: Cursor): Extract<Value, bigint> | undefined {
  switch (member.field) {
    case ANY.bool:
      return member.number() === 0 ? 0n : 1n;
    case ANY.double: {
      const value = Math.trunc(member.double());
      // Beyond 64 bits, and for NaN, there is no integer to convert to.
      return value >= -(2 ** 63) && value < 2 ** 63 ? BigInt(value) : undefined;
    }
    case ANY.string: {
      const text = member.text();
      if (!/^[+-]?\d{1,40}$/.test(text)) return undefined;
      const value = BigInt(text.replace(/^\+/, ""));
      return BigInt.asIntN(64, value) === value ? value : undefined;
    }
    default:
      return undefined;
  }
}

function toDouble(member: Cursor): number | undefined {
  switch (member.field) {
    case ANY.bool:
      return member.number() === 0 ? 0 : 1;
    case ANY.int:
      return Number(member.int64());
    case ANY.string: {
      const text = member.text();
      const named = /^([+-]?)(?:inf(?:inity)?|nan)$/i.exec(text);
      if (named) return /nan/i.test(text) ? Number.NaN : named[1] === "-" ? -Infinity : Infinity;
      if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return undefined;
      const value = Number(text);
      return Number.isFinite(value) ? value : undefined;
    }
    default:
      return undefined;
  }
}
