import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { clientTls, Fault, tlsMaterial } from "@rondo/core";
import { FakeClock } from "@rondo/testkit";
import { expect, onTestFinished, test } from "vitest";
import { clientCredentials } from "./client-credentials.ts";

interface Asked {
  readonly authorization: string | undefined;
  readonly form: Readonly<Record<string, string>>;
}

/** A token endpoint that numbers its tokens, or answers as it is told. */
async function endpoint(respond: (response: ServerResponse, nth: number) => void) {
  const asked: Asked[] = [];
  const server = createServer(async (request: IncomingMessage, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    asked.push({ authorization: request.headers.authorization, form: Object.fromEntries(new URLSearchParams(body)) });
    respond(response, asked.length);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  // A server that listens on a port has an address of this shape.
  const { port } = server.address() as AddressInfo;
  return { asked, url: `http://127.0.0.1:${port}/token` };
}

const json = (status: number, body: object) => (response: ServerResponse) =>
  void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
const numbered = (life?: number) => (response: ServerResponse, nth: number) =>
  json(200, { access_token: `t${nth}`, ...(life !== undefined && { expires_in: life }) })(response);

const place = { path: "", problem: (message: string) => expect.fail(message), warn: () => {}, at: () => place };
const tls = clientTls.read({}, place);

function source(url: string, more: { readonly bufferMs?: number; readonly timeoutMs?: number } = {}) {
  const clock = new FakeClock();
  const token = clientCredentials({
    ...{ url, clientId: "rondo:1", clientSecret: async () => "canary/ä", scopes: ["a", "b"], clock },
    parameters: new Map([["audience", "kafka"]]),
    ...{ timeoutMs: 2_000, bufferMs: 300_000, ...more },
    tls: () => (tls === undefined ? expect.fail("no tls") : tlsMaterial(tls)),
  });
  return { clock, token };
}

test("asks as RFC 6749 says, and once for all who need a token at the same time", async () => {
  const { asked, url } = await endpoint(numbered(3_600));
  const { token } = source(url);
  expect(await Promise.all([token(), token()])).toEqual(["t1", "t1"]);
  expect(asked).toEqual([
    {
      authorization: `Basic ${Buffer.from("rondo%3A1:canary%2F%C3%A4").toString("base64")}`,
      form: { grant_type: "client_credentials", scope: "a b", audience: "kafka" },
    },
  ]);
});

test("a token is renewed before it ends: by the buffer, or after three quarters of a short life", async () => {
  const { url } = await endpoint(numbered(3_600));
  const long = source(url);
  await long.token();
  await long.clock.advance(3_299_000);
  expect(await long.token()).toBe("t1");
  await long.clock.advance(1_000);
  expect(await long.token()).toBe("t2");

  const brief = source((await endpoint(numbered(8))).url);
  await brief.token();
  await brief.clock.advance(5_999);
  expect(await brief.token()).toBe("t1");
  await brief.clock.advance(1);
  expect(await brief.token()).toBe("t2");
});

test("one of unknown life is asked for each time", async () => {
  const { token } = source((await endpoint(numbered())).url);
  expect([await token(), await token()]).toEqual(["t1", "t2"]);
});

test.each<[string, (response: ServerResponse) => void, RegExp]>([
  [
    "a refusal",
    json(401, { error: "invalid_client" }),
    /^startup: .*refuses client rondo:1 with 401: invalid_client; check/,
  ],
  [
    "another refusal",
    (response) => void response.writeHead(404).end("<html>"),
    /^startup: .*with 404; check client_id/,
  ],
  ["another page", json(200, { hello: 1 }), /^startup: .*without an access_token; is token_url right/],
  ["an ill endpoint", json(503, {}), /^unavailable: .*answers 503/],
  ["silence", () => undefined, /^unavailable: .*did not answer in 100 ms/],
  ["a broken answer", (response) => void response.destroy(), /^unavailable: .*cannot be reached/],
  ["an endless answer", (response) => void response.end("x".repeat(1 << 20)), /^unavailable: .*longer than 262144 B/],
])("%s is told apart from the others, without a secret", async (_, respond, words) => {
  const { url } = await endpoint(respond);
  const { token } = source(`${url}?key=canary`, { timeoutMs: 100 });
  const { code, message } = Fault.from(await token().catch((thrown: unknown) => thrown));
  expect(`${code}: ${message}`).toMatch(words);
  expect(message).not.toContain("canary");
});

test("nothing there is unavailable, and the next question asks again", async () => {
  const { token } = source("http://127.0.0.1:9/token");
  await expect(token()).rejects.toMatchObject({ code: "unavailable" });
  await expect(token()).rejects.toMatchObject({ code: "unavailable" });
});
