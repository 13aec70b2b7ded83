import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodedItems, decodeRequest, encodeRequest } from "./codec.ts";
import { anyRequest } from "./request.cases.ts";
import { type Message, messageOf } from "./schema.ts";
import { SIGNALS } from "./signal.ts";
import { WireError } from "./wire-error.ts";
import { Writer } from "./writer.ts";

test("decoding what was encoded gives the same objects", () => {
  fc.assert(
    fc.property(anyRequest, ([signal, body]) => {
      const request = decodeRequest(signal, body);
      expect(decodeRequest(signal, encodeRequest(signal, request))).toEqual(request);
    }),
  );
});

test("integers of 64 bits are exact at both ends", () => {
  const values = [0n, 1n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), -1n];
  const request = {
    resourceLogs: [
      {
        scopeLogs: [
          {
            logRecords: values.map((intValue) => ({
              timeUnixNano: BigInt.asUintN(64, intValue),
              body: { intValue },
              attributes: [],
            })),
          },
        ],
      },
    ],
  };
  const items = [...decodedItems("logs", decodeRequest("logs", encodeRequest("logs", request)))].map(
    ({ item }) => item,
  );
  expect(items.map(({ body }) => body?.intValue)).toEqual(values);
  expect(items.map(({ timeUnixNano }) => timeUnixNano ?? 0n)).toEqual(values.map((value) => BigInt.asUintN(64, value)));
});

test("every message and field of the table is one of the codec's", () => {
  // One of each field, all the way down; the codec must give every one back under its name.
  const full = (message: Message, depth: number): Uint8Array => {
    const out = new Writer();
    for (const field of message.byName.values()) {
      if (field.oneof && field !== [...message.byName.values()].findLast(({ oneof }) => oneof)) continue;
      if (field.message) {
        if (depth > 0) out.bytes(field.number, full(field.message, depth - 1));
      } else if (field.wire === 2)
        out.bytes(
          field.number,
          field.repeated && field.kind !== "string" ? new Uint8Array(8).fill(1) : Buffer.from("x"),
        );
      else {
        out.tag(field.number, field.wire);
        if (field.wire === 0) out.varint(1);
        else if (field.wire === 1) out.fixed64(1n);
        else out.fixed32(1);
      }
    }
    return out.finish();
  };
  const check = (message: Message, decoded: object, depth: number): void => {
    const last = [...message.byName.values()].findLast(({ oneof }) => oneof);
    for (const field of message.byName.values()) {
      if ((field.oneof && field !== last) || (field.message && depth === 0)) continue;
      const value: unknown = Reflect.get(decoded, field.name);
      expect(value, `${message.name}.${field.name}`).toBeDefined();
      const [inner] = Array.isArray(value) ? value : [value];
      expect(inner, `${message.name}.${field.name}`).toBeDefined();
      if (field.message) check(field.message, inner, depth - 1);
    }
  };
  for (const signal of SIGNALS) {
    const message = messageOf(
      { traces: "ExportTraceServiceRequest", metrics: "ExportMetricsServiceRequest", logs: "ExportLogsServiceRequest" }[
        signal
      ],
    );
    check(message, decodeRequest(signal, full(message, 7)), 7);
  }
});

test("malformed bytes are a WireError", () => {
  expect(() => decodeRequest("traces", Uint8Array.of(0x0a, 5, 1))).toThrow(WireError);
});

test("what only moves bytes never loads protobufjs", () => {
  const script = `import "@rondo/otlp"; import "@rondo/otlp/json"; import { createRequire } from "node:module";
    console.log(Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes("protobufjs")).length);`;
  const count = execFileSync(process.execPath, ["--conditions=source", "--input-type=module", "-e", script], {
    cwd: import.meta.dirname,
    encoding: "utf8",
  });
  expect(count.trim()).toBe("0");
});

test("the generated files are what proto/ says", () => {
  const check = () =>
    execFileSync(process.execPath, ["generate.ts", "--check"], { cwd: `${import.meta.dirname}/..`, stdio: "pipe" });
  expect(check).not.toThrow();
});
