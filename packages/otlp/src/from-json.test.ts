import fc from "fast-check";
import { expect, test } from "vitest";
import { decodedItems, decodeRequest, encodeRequest } from "./codec.ts";
import { requestFromJson, requestToJson } from "./json.ts";
import { choices, spelledMessage } from "./json-spellings.cases.ts";
import { SIGNAL_MESSAGES } from "./layout.ts";
import { anyRequest, atLeast, recorded } from "./request.cases.ts";
import type { Signal } from "./signal.ts";
import { SizeError, WireError } from "./wire-error.ts";

const read = (signal: Signal, json: string) => requestFromJson(signal, Buffer.from(json, "utf8"));
const span = (fields: string) => `{"resourceSpans":[{"scopeSpans":[{"spans":[{${fields}}]}]}]}`;
const spanOf = (fields: string) =>
  [...decodedItems("traces", decodeRequest("traces", read("traces", span(fields))))][0]?.item;
const anyOf = (json: string) => spanOf(`"attributes":[{"key":"k","value":${json}}]`)?.attributes[0]?.value;

test("there and back nothing is lost", () => {
  const same = (signal: Signal, body: Uint8Array) => {
    const again = requestFromJson(signal, requestToJson(signal, body));
    expect(decodeRequest(signal, again)).toEqual(decodeRequest(signal, body));
  };
  fc.assert(fc.property(anyRequest, ([signal, body]) => same(signal, body)));
  for (const { signal, body } of recorded()) same(signal, body);
});

test("however a request is spelled, it is what the codec encodes", () => {
  fc.assert(
    fc.property(anyRequest, fc.nat(), ([signal, body], seed) => {
      const decoded = decodeRequest(signal, body);
      const text = spelledMessage(SIGNAL_MESSAGES[signal].request, decoded, choices(seed));
      expect(decodeRequest(signal, read(signal, text)), text).toEqual(
        decodeRequest(signal, encodeRequest(signal, decoded)),
      );
    }),
  );
});

test("64-bit integers are exact, as strings and as numbers", () => {
  for (const text of ['"9223372036854775807"', "9223372036854775807"])
    expect(anyOf(`{"intValue":${text}}`)?.intValue).toBe(2n ** 63n - 1n);
  expect(anyOf('{"intValue":"-9223372036854775808"}')?.intValue).toBe(-(2n ** 63n));
  expect(anyOf('{"intValue":5e3}')?.intValue).toBe(5000n);
  expect(anyOf('{"intValue":1.700000000123456789e18}')?.intValue).toBe(1_700_000_000_123_456_789n);
  expect(spanOf('"startTimeUnixNano":18446744073709551615')?.startTimeUnixNano).toBe(2n ** 64n - 1n);
});

test("spellings that receivers must take", () => {
  const item = spanOf(
    `"traceId":"5B8EFFF798038103D269B633813FC60C","kind":"SPAN_KIND_CLIENT","nonsense":{"a":[1,{"b":null}]},
     "droppedEventsCount":null,"flags":257,"name":"\\u00e9\\n\\ud83d\\ude00/é"`,
  );
  expect(Buffer.from(item?.traceId ?? []).toString("hex")).toBe("5b8efff798038103d269b633813fc60c");
  expect(item).toMatchObject({ kind: 3, flags: 257, name: "é\n😀/é" });
  expect(item?.droppedEventsCount).toBeUndefined();
  expect(anyOf('{"doubleValue":"-Infinity"}')?.doubleValue).toBe(-Infinity);
  expect(anyOf('{"doubleValue":"NaN"}')?.doubleValue).toBeNaN();
  expect(anyOf('{"doubleValue":-1.5e-3}')?.doubleValue).toBe(-0.0015);
  for (const text of ["+/8=", "-_8=", "-_8"])
    expect(anyOf(`{"bytesValue":"${text}"}`)?.bytesValue).toEqual(Uint8Array.of(0xfb, 0xff));
  expect(read("logs", " {} \n").length).toBe(0);
});

test("defaults that mean absence are not written, a text of one digit is", () => {
  expect(read("traces", span('"kind":0,"name":"","flags":0,"startTimeUnixNano":"0","traceId":""')).length).toBe(6);
  expect(spanOf('"name":"0"')?.name).toBe("0");
  expect(anyOf('{"intValue":"0"}')).toEqual({ intValue: 0n });
});

test("a key that is a trap elsewhere is data here", () => {
  expect(
    spanOf('"__proto__":{"name":"x"},"constructor":1,"attributes":[{"key":"__proto__","value":{"boolValue":true}}]'),
  ).toMatchObject({
    attributes: [{ key: "__proto__", value: { boolValue: true } }],
  });
});

test.each<[string, string, string]>([
  ["nothing", "", "request: an object was expected at byte 0"],
  ["another value", "[]", "an object was expected"],
  ["more than one value", "{} {}", "something follows"],
  ["a cut text", '{"resourceSpans":[', "resourceSpans[0]"],
  ["a single quote", "{'a':1}", "a key was expected"],
  ["a trailing comma", '{"resourceSpans":[],}', "a key was expected"],
  ["a leading zero", span('"kind":01'), "resourceSpans[0].scopeSpans[0].spans[0].kind: "],
  ["a bare word", span('"name":nul'), "spans[0].name"],
  ["a bad escape", span('"name":"\\x"'), "a bad escape in a string"],
  ["a control character", span('"name":"a\nb"'), "a control character"],
  ["an id that is not hex", span('"traceId":"zz"'), "spans[0].traceId: an id is not hexadecimal"],
  ["bytes of six bits", span('"attributes":[{"value":{"bytesValue":"A"}}]'), "bytes are not base64"],
  ["a number in another base", span('"attributes":[{"value":{"doubleValue":"0x10"}}]'), "a number was expected"],
  ["a double too large", span('"attributes":[{"value":{"doubleValue":1e400}}]'), "a number was expected"],
  [
    "a double of too many digits",
    span(`"attributes":[{"value":{"doubleValue":${"9".repeat(400)}}}]`),
    "a number was expected",
  ],
  ["an exponent too large", span('"endTimeUnixNano":"1e999999"'), "does not fit 64 unsigned bits"],
  ["an id of half a byte", span('"spanId":"abc"'), "an id is not hexadecimal"],
  ["bytes that are not base64", span('"attributes":[{"value":{"bytesValue":"*"}}]'), "attributes[0].value.bytesValue"],
  ["a fraction for an integer", span('"droppedLinksCount":1.5'), "an integer was expected"],
  ["a count below zero", span('"droppedLinksCount":-1'), "does not fit 32 unsigned bits"],
  [
    "an integer too large",
    span('"attributes":[{"value":{"intValue":"9223372036854775808"}}]'),
    "does not fit 64 signed bits",
  ],
  ["an unknown name of an enum", span('"kind":"SPAN_KIND_BEST"'), "an integer was expected"],
  ["text for a number", span('"attributes":[{"value":{"doubleValue":"x"}}]'), "a number was expected"],
  ["a number for text", span('"name":5'), "a string was expected"],
  ["an object for a list", '{"resourceSpans":{}}', "an array was expected"],
  ["null in a list", '{"resourceSpans":[null]}', "resourceSpans[0]: an object was expected"],
  ["text for a boolean", span('"attributes":[{"value":{"boolValue":"true"}}]'), "true or false was expected"],
])("refuses %s", (_name, json, message) => {
  expect(() => read("traces", json)).toThrow(WireError);
  expect(() => read("traces", json)).toThrow(message);
});

test("depth is bounded, of values and of what is ignored", () => {
  const nested = (depth: number) => `${'{"arrayValue":{"values":['.repeat(depth)}{"intValue":1}${"]}}".repeat(depth)}`;
  expect(anyOf(nested(32))).toBeDefined();
  expect(() => anyOf(nested(33))).toThrow("values nested deeper than 32");
  expect(() => read("traces", span(`"other":${"[".repeat(200_000)}${"]".repeat(200_000)}`))).toThrow(
    "JSON nested deeper than",
  );
  const map = (depth: number) =>
    `${'{"kvlistValue":{"values":[{"key":"k","value":'.repeat(depth)}{}${"}]}}".repeat(depth)}`;
  expect(anyOf(map(32))).toBeDefined();
});

test("text that is not UTF-8 is refused", () => {
  expect(() => requestFromJson("traces", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toThrow(
    "JSON is not UTF-8",
  );
});

test("mutated text is an answer or a WireError", () => {
  const texts = recorded()
    .slice(0, 40)
    .map(({ signal, body }) => [signal, requestToJson(signal, body)] as const);
  const change = fc.tuple(fc.nat(), fc.constantFrom(...Buffer.from('{}[]",:\\0-e.xtfn \u0000')));
  fc.assert(
    fc.property(
      fc.constantFrom(...texts),
      fc.array(change, { minLength: 1, maxLength: 4 }),
      ([signal, text], changes) => {
        const bytes = Buffer.from(text);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        try {
          requestToJson(signal, requestFromJson(signal, bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      },
    ),
    atLeast(300),
  );
});

test("original field names are unknown ones", () => {
  expect(spanOf('"trace_id":"zz","dropped_links_count":[],"name":"n"')).toMatchObject({ name: "n" });
  expect(read("traces", '{"resource_spans":[{}]}').length).toBe(0);
});

test("a name that comes twice is a field that comes twice", () => {
  expect(spanOf('"name":"a","name":"b","links":[{}],"links":[{}]')).toMatchObject({ name: "b", links: [{}, {}] });
  expect(anyOf('{"intValue":1,"stringValue":"s"}')).toEqual({ stringValue: "s" });
});

test("a padded text leaves nothing behind, and what it became can be freed", () => {
  for (const text of [`${" ".repeat(1 << 20)}{"resourceSpans":[{}]}`, "{}"]) {
    const wire = read("traces", text);
    expect(wire.buffer.byteLength).toBe(wire.length);
  }
});

test("what is spelled in odd ways costs time in proportion to its size", () => {
  const many = (fields: string) => span(new Array(50_000).fill(fields).join(","));
  const started = process.cpuUsage();
  for (const fields of ['"\\u006bind":1', '"kind":"SPAN_KIND_\\u0043LIENT"', '"traceId":"\\u0061b"', '"k\\u0000":[{}]'])
    read("traces", many(fields));
  const { user, system } = process.cpuUsage(started);
  // Four megabytes: a tenth of a second, and minutes if each of them looked at all that follows.
  expect((user + system) / 1000).toBeLessThan(5_000);
});

test("no text has more than four bytes of protobuf for each of its own", () => {
  const point = (fields: string) =>
    `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"histogram":{"dataPoints":[{${fields}}]}}]}]}]}`;
  const many = (item: string) => new Array(20_000).fill(item).join(",");
  for (const fields of [
    `"bucketCounts":[${many("1")}]`,
    `"explicitBounds":[${many("1")}]`,
    many('"sum":0'),
    `"attributes":[${many("{}")}]`,
    `"exemplars":[${many('{"asInt":1}')}]`,
  ]) {
    const text = Buffer.from(point(fields));
    const { length } = requestFromJson("metrics", text);
    expect(length).toBeLessThanOrEqual(4 * text.length);
    expect(requestFromJson("metrics", text, length).length).toBe(length);
    expect(() => requestFromJson("metrics", text, length - 1)).toThrow(SizeError);
  }
});
