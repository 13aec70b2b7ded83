import { expect, test } from "vitest";
import { CHILDREN, CODES, FIELD_LIMIT, messageId } from "./field-codes.ts";
import { MESSAGES } from "./gen/schema.ts";
import {
  ITEM_ATTRIBUTES,
  KEY_VALUE,
  METRIC_DATA,
  POINTS,
  REQUEST,
  RESOURCE,
  RESOURCE_ATTRIBUTES,
  SCOPE,
  SIGNAL_MESSAGES,
} from "./layout.ts";
import { type Field, messageOf } from "./schema.ts";
import { SIGNALS } from "./signal.ts";

const field = (message: string, number: number): Field => {
  const found = messageOf(message).fields[number];
  if (!found) throw new Error(`${message} has no field ${number}`);
  return found;
};

test("the numbers that the hot paths know are those of the table, in every signal", () => {
  for (const signal of SIGNALS) {
    const resources = field(SIGNAL_MESSAGES[signal].request, REQUEST.resources).message?.name ?? "";
    expect(field(resources, RESOURCE.resource).message?.name).toBe("Resource");
    expect(field(resources, RESOURCE.schemaUrl).name).toBe("schemaUrl");
    const scopes = field(resources, RESOURCE.scopes).message?.name ?? "";
    expect(field(scopes, SCOPE.scope).message?.name).toBe("InstrumentationScope");
    expect(field(scopes, SCOPE.schemaUrl).name).toBe("schemaUrl");
    const entry = field(scopes, SCOPE.entries).message?.name ?? "";
    if (signal !== "metrics") expect(field(entry, ITEM_ATTRIBUTES[signal]).name).toBe("attributes");
  }
  expect(field("Resource", RESOURCE_ATTRIBUTES).name).toBe("attributes");
  expect([field("KeyValue", KEY_VALUE.key).name, field("KeyValue", KEY_VALUE.value).name]).toEqual(["key", "value"]);
  const members = Object.entries(METRIC_DATA).map(([number, { name }]) => [Number(number), name]);
  expect(members).toEqual(
    messageOf("Metric")
      .fields.filter((member) => member?.oneof)
      .map((member) => [member?.number, member?.name]),
  );
  for (const { message, point, attributes } of Object.values(METRIC_DATA)) {
    expect(field(message, POINTS).message?.name).toBe(point);
    expect(field(point, attributes).name).toBe("attributes");
  }
});

test("every field has its code", () => {
  for (const name of Object.keys(MESSAGES)) {
    const id = messageId(name);
    for (const known of messageOf(name).byName.values()) {
      expect(known.number).toBeLessThan(FIELD_LIMIT);
      const slot = id * FIELD_LIMIT + known.number;
      expect((CODES[slot] ?? 0) & 7).toBe(known.wire + 1);
      if (known.message) expect(CHILDREN[slot]).toBe(messageId(known.message.name));
    }
  }
  expect(() => messageOf("Nonsense")).toThrow("no message Nonsense");
});
