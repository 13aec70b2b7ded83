import { Fault, Secret, systemClock } from "@rondo/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createLog, type LogOptions } from "./log.ts";
import { isSecretName, LOG_LIMITS, loggedText, loggedValue, REDACTED } from "./log-value.ts";

const clock = { ...systemClock, now: () => Date.UTC(2026, 0, 2) };

async function capture(options: Partial<LogOptions> & { readonly terminal?: boolean } = {}) {
  const lines: string[] = [];
  const destination = { write: (line: string) => lines.push(line), terminal: options.terminal ?? false };
  const log = await createLog({ level: "info", format: "auto", clock, ...options, destination });
  return { log, lines };
}

test("a line is JSON with level, time, message and fields, and stands written when the call returns", async () => {
  const { log, lines } = await capture();
  log.child({ component: "otlp" }).warn("slow", { ms: 3, msg: "x" });
  expect(lines).toEqual([
    '{"level":"warn","time":"2026-01-02T00:00:00.000Z","component":"otlp","ms":3,"msg_":"x","msg":"slow"}\n',
  ]);
});

test("a terminal gets one readable line", async () => {
  const { log, lines } = await capture({ terminal: true });
  log.info("ready", { port: 4317 });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/INFO.*ready/s);
  expect(lines[0]).toContain("4317");
  expect(lines[0]?.trimEnd()).not.toContain("\n");
});

test("json on a terminal when asked for", async () => {
  const { log, lines } = await capture({ terminal: true, format: "json" });
  log.info("ready");
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ msg: "ready" });
});

test("lines below the level are not written", async () => {
  const { log, lines } = await capture({ level: "warn" });
  log.debug("a");
  log.info("b");
  log.error("c");
  expect(lines).toHaveLength(1);
});

test("planted secrets appear in no rendering", async () => {
  for (const terminal of [true, false]) {
    const { log, lines } = await capture({ terminal });
    const fields = {
      authorization: "canary",
      headers: { "X-Api-Key": "canary", Cookie: "canary", nested: [{ clientSecret: "canary" }] },
      header: "Authorization: Bearer canary-canary",
      url: "https://user:canary@host/path",
      wrapped: new Secret("canary"),
      map: new Map([["password", "canary"]]),
      fault: new Fault("rejected", "https://canary:x@host said no", { cause: new Error("Basic canarycanary==") }),
    };
    log.error("at redis://:canary@host", fields);
    log.child(fields).info("again");
    expect(lines).toHaveLength(2);
    expect(lines.join("")).not.toContain("canary");
    expect(lines.join("")).toContain(REDACTED);
  }
});

test("a fault shows code, message and causes; a bug shows where", () => {
  const fault = new Fault("unavailable", "no answer", { cause: new Fault("aborted", "timeout", { cause: "socket" }) });
  expect(loggedValue(fault)).toEqual({
    code: "unavailable",
    message: "no answer",
    cause: { code: "aborted", message: "timeout", cause: "socket" },
  });
  expect(loggedValue(new TypeError("x"))).toMatchObject({ name: "TypeError", message: "x", stack: expect.any(Array) });
  const circular = new Error("loop");
  circular.cause = circular;
  expect(JSON.stringify(loggedValue(circular)).length).toBeLessThan(50_000);
});

test("no value makes a second line, a control character or an unbounded line", async () => {
  const { log, lines } = await capture();
  fc.assert(
    fc.property(
      fc.string({ unit: "binary" }),
      fc.anything({ withMap: true, withSet: true, withBigInt: true }),
      (text, value) => {
        lines.length = 0;
        log.info(text, { text, value });
        expect(lines).toHaveLength(1);
        expect(lines[0]?.slice(0, -1)).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
        expect(() => JSON.parse(lines[0] ?? "")).not.toThrow();
      },
    ),
  );
  expect(loggedText("x".repeat(LOG_LIMITS.textLength + 5))).toBe(`${"x".repeat(LOG_LIMITS.textLength)}… (5 more)`);
  const wide = loggedValue(Array.from({ length: LOG_LIMITS.entries + 2 }, () => 1));
  expect(wide).toHaveLength(LOG_LIMITS.entries + 1);
});

test("circular and deep values end", () => {
  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  expect(JSON.stringify(loggedValue(circular))).toContain("[…]");
});

test.each(["password", "db_password", "apiKey", "X-API-Key", "accessToken", "client.secret", "Authorization", "TOKEN"])(
  "%s is a secret name",
  (name) => expect(isSecretName(name)).toBe(true),
);

test.each(["tokenizer", "partition_key", "key", "secretary", "items"])("%s is not", (name) => {
  expect(isSecretName(name)).toBe(false);
});
