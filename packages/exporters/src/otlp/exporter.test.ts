import { status } from "@grpc/grpc-js";
import { makeExporter, type StubBackend, sampleBatch, stubGrpc } from "@rondo/testkit/exporter-contract";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { fields } from "./config.ts";
import { Connection } from "./connection.ts";
import { otlp } from "./exporter.ts";

let stub: StubBackend;
beforeEach(async () => {
  stub = await stubGrpc();
});
afterEach(() => stub.stop());

const never = () => new AbortController().signal;
const configured = (more: object = {}) => ({ endpoint: `127.0.0.1:${stub.port}`, tls: { insecure: true }, ...more });

async function once(more: object = {}) {
  const exporter = makeExporter(otlp, configured(more));
  const verdict = await exporter.deliver(sampleBatch("traces"), never());
  await exporter.close();
  return verdict;
}

test("answers to both of its names and has the Collector's defaults", () => {
  const exporter = makeExporter(otlp, configured());
  expect([otlp.type, otlp.aliases]).toEqual(["otlp", ["otlp_grpc"]]);
  expect(exporter).toMatchObject({ timeoutMs: 5_000, retry: { initialMs: 5_000 } });
  expect(exporter.accumulation).toBeUndefined();
  expect(fields.compression.docs.fallback).toBe("gzip");
});

test.each([
  [status.INVALID_ARGUMENT, "settled"],
  [status.FAILED_PRECONDITION, "settled"],
  [status.UNIMPLEMENTED, "retry"],
  [status.PERMISSION_DENIED, "retry"],
  [status.UNAUTHENTICATED, "retry"],
  [status.INTERNAL, "retry"],
  [status.UNKNOWN, "retry"],
  [status.DATA_LOSS, "retry"],
  [status.RESOURCE_EXHAUSTED, "settled"],
])("status %d without RetryInfo is %s", async (code, kind) => {
  stub.behave({ kind: "status", code, message: "as told" });
  const verdict = await once();
  expect(verdict.kind).toBe(kind);
  if (verdict.kind === "settled") expect(verdict.drops).toMatchObject([{ reason: "backend_rejected", items: 3 }]);
});

test("data waits for credentials that are to be renewed, and the fault says so", async () => {
  stub.behave({ kind: "status", code: status.UNAUTHENTICATED, message: "token expired" });
  expect(await once()).toMatchObject({
    kind: "retry",
    fault: { code: "unauthenticated", message: expect.stringMatching(/token expired; check the credentials/) },
  });
});

test("RESOURCE_EXHAUSTED with RetryInfo is a retry after its delay", async () => {
  stub.behave({ kind: "status", code: status.RESOURCE_EXHAUSTED, message: "slow down", retryDelayMs: 1_500 });
  expect(await once()).toMatchObject({ kind: "retry", afterMs: 1_500, fault: { code: "throttled" } });
});

test("a page where a gateway used to be drops nothing, although the library calls it UNIMPLEMENTED", async () => {
  stub.behave({ kind: "garbage" });
  expect(await once()).toMatchObject({ kind: "retry", fault: { message: expect.stringContaining("404") } });
});

test("the request is marked with what compressed it", async () => {
  await once();
  await once({ compression: "none" });
  await once({ compression: "deflate", authority: "tempo.test", balancer_name: "pick_first" });
  const [gzip, none, deflate] = stub.received.map(({ headers }) => headers);
  expect([gzip?.["grpc-encoding"], none?.["grpc-encoding"], deflate?.["grpc-encoding"]]).toEqual([
    "gzip",
    undefined,
    "deflate",
  ]);
  expect(deflate?.[":authority"]).toBe("tempo.test");
});

test("with wait_for_ready a try outlasts an absence instead of failing at once", async () => {
  await stub.stop();
  const exporter = makeExporter(otlp, configured({ wait_for_ready: true }));
  const verdict = exporter.deliver(sampleBatch("traces"), never());
  await new Promise((resolve) => setTimeout(resolve, 500));
  await stub.start();
  expect((await verdict).kind).toBe("settled");
  await exporter.close();
});

test("an answer above the limit is a retry, and the connection goes on", async () => {
  stub.behave({ kind: "partial", rejected: 0, message: "x".repeat(2_000) });
  const exporter = makeExporter(otlp, configured({ max_response_size: 1_024 }));
  expect((await exporter.deliver(sampleBatch("traces"), never())).kind).toBe("retry");
  stub.behave({ kind: "accept" });
  expect((await exporter.deliver(sampleBatch("traces"), never())).kind).toBe("settled");
  await exporter.close();
});

test("what is known and not built is refused with a way out", () => {
  expect(() => makeExporter(otlp, configured({ middlewares: [] }))).toThrow(/middlewares is not built yet; remove/);
  expect(() => makeExporter(otlp, { tls: { insecure: true } })).toThrow(/endpoint is required/);
});

test("silence is counted for the connection that was silent, not for one that has replaced it", async () => {
  const place = { path: "", problem: vi.fn(), warn: vi.fn(), at: () => place };
  const values = Object.fromEntries(
    Object.entries(fields).map(([key, one]) => [key, one.read(key === "endpoint" ? "127.0.0.1:1" : undefined, place)]),
  );
  // Every key was read by its own field above.
  const connection = new Connection(values as unknown as ConstructorParameters<typeof Connection>[0]);
  const first = connection.client;
  connection.unanswered(first);
  connection.answered();
  connection.unanswered(first);
  expect(connection.client).toBe(first);
  connection.unanswered(first);
  const second = connection.client;
  expect(second).not.toBe(first);
  for (let late = 0; late < 5; late++) connection.unanswered(first);
  expect(connection.client).toBe(second);
  connection.close();
});
