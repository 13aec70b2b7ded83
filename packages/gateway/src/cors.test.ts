import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { expect, test } from "vitest";
import { cors, corsOf } from "./cors.ts";
import { place } from "./rig.cases.ts";

function read(raw: unknown) {
  const said: string[] = [];
  return { values: cors.read(raw, place("cors", said)), said };
}

/** The headers of the answer to a request with the given ones; the status when it was a preflight. */
function answer(raw: unknown, headers: Record<string, string>, method = "OPTIONS") {
  const { values } = read(raw);
  const request = new IncomingMessage(new Socket());
  Object.assign(request, { method });
  Object.assign(request.headers, headers);
  const response = new ServerResponse(request);
  const done = values && corsOf(values)?.answered(request, response);
  return { ...response.getHeaders(), ...(done && { status: response.statusCode }) };
}

const PREFLIGHT = { origin: "https://app.example", "access-control-request-method": "POST" };
const VARY = ["Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"];
const REFUSED = { status: 204, vary: VARY };

test("a preflight of an allowed origin is answered with what it asks for", () => {
  const raw = { allowed_origins: ["https://app.example"], allowed_headers: ["X-Api-Key"], max_age: 600 };
  const asked = { ...PREFLIGHT, "access-control-request-headers": "content-type, x-api-key" };
  expect(answer(raw, asked)).toEqual({
    status: 204,
    vary: VARY,
    "access-control-allow-origin": "https://app.example",
    "access-control-allow-methods": "POST",
    "access-control-allow-headers": "content-type, x-api-key",
    "access-control-allow-credentials": "true",
    "access-control-max-age": 600,
  });
});

test.each<[what: string, raw: object, headers: Record<string, string>]>([
  ["another origin", { allowed_origins: ["https://other.example"] }, PREFLIGHT],
  ["another port", { allowed_origins: ["https://app.example:8443"] }, PREFLIGHT],
  ["no origin", { allowed_origins: ["*"] }, { "access-control-request-method": "POST" }],
  [
    "a method that no client needs",
    { allowed_origins: ["*"] },
    { ...PREFLIGHT, "access-control-request-method": "PUT" },
  ],
  [
    "a header that is not allowed",
    { allowed_origins: ["*"] },
    { ...PREFLIGHT, "access-control-request-headers": "x-a" },
  ],
])("a preflight with %s is answered without leave", (_, raw, headers) => {
  expect(answer(raw, headers)).toEqual(REFUSED);
});

test.each([
  ["*", "https://app.example", "*"],
  ["https://*.example", "https://app.example", "https://app.example"],
  ["https://*.Example", "https://a.b.EXAMPLE", "https://a.b.EXAMPLE"],
  ["http://localhost:*", "http://localhost:3000", "http://localhost:3000"],
  ["https://*.example", "https://.example", "https://.example"],
  ["https://*.example", "https://app.example.org", undefined],
  ["https://app*p.example", "https://app.example", undefined],
])("%s lets %s send: %s", (pattern, origin, allowed) => {
  const raw = { allowed_origins: ["https://first.example", pattern] };
  expect(answer(raw, { ...PREFLIGHT, origin })).toMatchObject(
    allowed === undefined ? REFUSED : { "access-control-allow-origin": allowed },
  );
});

test("every header may be sent where * says so", () => {
  const raw = { allowed_origins: ["*"], allowed_headers: ["*"] };
  expect(answer(raw, { ...PREFLIGHT, "access-control-request-headers": "x-a,X-B" })).toMatchObject({
    "access-control-allow-headers": "x-a, X-B",
  });
});

test("the answer to a request may be read by the page that sent it, and goes on to be written", () => {
  const raw = { allowed_origins: ["https://app.example"], exposed_headers: ["Retry-After"] };
  expect(answer(raw, { origin: "https://app.example" }, "POST")).toEqual({
    vary: "Origin",
    "access-control-allow-origin": "https://app.example",
    "access-control-allow-credentials": "true",
    "access-control-expose-headers": "Retry-After",
  });
  expect(answer(raw, { origin: "https://other.example" }, "POST")).toEqual({ vary: "Origin" });
  expect(answer(raw, { origin: "https://app.example" }, "OPTIONS")).not.toHaveProperty("status");
});

test("without an origin nothing is answered", () => {
  expect(answer({}, PREFLIGHT)).toEqual({});
  expect(answer(undefined, PREFLIGHT)).toEqual({});
});

test("what can have no effect is warned about, what makes no sense is refused", () => {
  expect(read({ allowed_headers: ["x"] }).said).toEqual([
    "warning: cors: names headers but no allowed_origins, and therefore has no effect",
  ]);
  expect(read({ allowed_origins: ["app.example", "https://app.example/", "https://*", "*"] }).said).toEqual(
    [0, 1].map(
      (at) =>
        `warning: cors::allowed_origins::${at}: will let no page send: an origin is scheme://host[:port] without a path`,
    ),
  );
  expect(read({ allowed_origins: ["https://*.*.example", ""], exposed_headers: ["a b"] }).said).toHaveLength(3);
});
