/** Attributes on the wire: as pairs of text where a series is met for the first time, and as a key where it is met again. */
import { Cursor, KEY_VALUE, valueText, Wire } from "@rondo/otlp";

/** A key, and its value as the Collector writes one where only text can stand. */
export type Attribute = readonly [key: string, value: string];

const NOTHING: Uint8Array = new Uint8Array(0);

/** The attributes of a message, whose `attributes` have the number `field`, in their order on the wire. */
export function attributesOf(message: Cursor, field: number): Attribute[] {
  const found: Attribute[] = [];
  const pair = new Cursor(message.bytes);
  while (message.next()) {
    if (!message.is(field, Wire.bytes)) continue;
    pair.enter(message);
    let key = "";
    let value = NOTHING;
    while (pair.next()) {
      if (pair.is(KEY_VALUE.key, Wire.bytes)) key = pair.text();
      else if (pair.is(KEY_VALUE.value, Wire.bytes)) value = pair.slice();
    }
    found.push([key, valueText(value)]);
  }
  return found;
}

/**
 * The bytes of a point's attributes as a key: the same bytes are the same series, and reading them costs nothing else. They
 * stand one after another in what every SDK writes, so the key is one slice.
 */
export class AttributeKey {
  #start = 0;
  #stop = -1;
  #text = "";

  /** Begins another point. */
  reset(): void {
    this.#stop = -1;
    this.#text = "";
  }

  /** Takes the field that the cursor stands on. */
  add(field: Cursor, body: Buffer): void {
    if (field.at !== this.#stop) {
      if (this.#stop >= 0) this.#text += body.toString("latin1", this.#start, this.#stop);
      this.#start = field.at;
    }
    this.#stop = field.stop;
  }

  /** Equal keys are equal bytes: latin1 has a letter for each. */
  of(body: Buffer): string {
    if (this.#stop < 0) return this.#text;
    return this.#text + body.toString("latin1", this.#start, this.#stop);
  }
}
