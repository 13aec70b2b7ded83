import fc from "fast-check";
import { expect, test } from "vitest";
import { decodedItems, decodeRequest, REQUEST_TYPES } from "./codec.ts";
import { Cursor } from "./cursor.ts";
import { METRIC_DATA, RESOURCE_ATTRIBUTES } from "./layout.ts";
import { anyRequest, KEYS } from "./request.cases.ts";
import { valueText } from "./value-text.ts";
import { attributeOf, forEachItem, forEachResource } from "./walk.ts";

const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString("hex");

test("visits every item in order, with its attributes and what is around it", () => {
  fc.assert(
    fc.property(anyRequest, fc.constantFrom(...KEYS), ([signal, body], key) => {
      const expected = [...decodedItems(signal, decodeRequest(signal, body))];
      let index = 0;
      forEachItem(signal, body, (item, around) => {
        const { resource, scope, item: decoded, metric } = expected[index++] ?? {};
        const first = decoded?.attributes.find((attribute) => (attribute.key ?? "") === key);
        const value = attributeOf(item.slice(), around.attributes, Buffer.from(key));
        expect(value === undefined).toBe(first === undefined);
        const inResource = resource?.attributes.find((attribute) => (attribute.key ?? "") === key);
        expect(attributeOf(around.resource, RESOURCE_ATTRIBUTES, Buffer.from(key)) === undefined).toBe(
          inResource === undefined,
        );
        if (first?.value?.stringValue !== undefined)
          expect(valueText(value ?? new Uint8Array(0))).toBe(first.value.stringValue);
        expect(around.metric.length > 0).toBe(metric !== undefined);
        if (metric) expect(around.data in METRIC_DATA).toBe(true);
        let name = "";
        const field = new Cursor(around.scope);
        while (field.next()) if (field.is(1, 2)) name = field.text();
        expect(name).toBe(scope?.name ?? "");
      });
      expect(index).toBe(expected.length);
    }),
  );
});

test("visits every resource once, fragments as one", () => {
  fc.assert(
    fc.property(anyRequest, ([signal, body]) => {
      // biome-ignore lint/suspicious/noExplicitAny: the generated codec has no types
      const request = REQUEST_TYPES[signal].decode(body) as any;
      const entries = request.resourceSpans ?? request.resourceMetrics ?? request.resourceLogs;
      const seen: Uint8Array[] = [];
      forEachResource(signal, body, (resource) => seen.push(resource));
      expect(seen.length).toBe(entries.length);
      // The type of Resource is that of any decoded resource; encoding again makes merged fragments and one message equal.
      seen.forEach((resource, i) => {
        const decoded = entries[i].resource;
        if (!decoded) expect(resource.length).toBe(0);
        else
          expect(hex(decoded.constructor.encode(decoded.constructor.decode(resource)).finish())).toBe(
            hex(decoded.constructor.encode(decoded).finish()),
          );
      });
    }),
  );
});
