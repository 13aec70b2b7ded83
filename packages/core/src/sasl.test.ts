import { describe, expect, test } from "vitest";
import { recordingPlace } from "./place.cases.ts";
import { checkSasl, isLoopback, saslFields } from "./sasl.ts";

function said(raw: object) {
  const place = recordingPlace("sasl");
  const values = saslFields.read(raw, place);
  if (values !== undefined) checkSasl(values, place);
  return { ...place, values };
}

describe("what is complete says nothing", () => {
  test.each([
    { mechanism: "PLAIN", username: "u", password: "p" },
    { mechanism: "SCRAM-SHA-256", username: "u", password_file: "/p" },
    { mechanism: "OAUTHBEARER", oauth: { token: "t" } },
    { mechanism: "OAUTHBEARER", oauth: { token_file: "/t", extensions: { logicalCluster: "l" } } },
    {
      mechanism: "OAUTHBEARER",
      oauth: { token_url: "https://l/t", client_id: "c", client_secret: "s", scopes: ["k"] },
    },
    { mechanism: "OAUTHBEARER", oauth: { token_url: "http://127.0.0.1/t", client_id: "c", client_secret_file: "/s" } },
  ])("%o", (raw) => expect(said(raw)).toMatchObject({ problems: [], warnings: [] }));
});

describe("what is missing, doubled or for another mechanism is named", () => {
  test.each([
    [{}, ["sasl::mechanism is required"]],
    [{ mechanism: "GSSAPI" }, ["sasl::mechanism must be one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER"]],
    [{ mechanism: "PLAIN" }, ["sasl::username is required", "sasl::password is required, or password_file"]],
    [{ mechanism: "PLAIN", username: "u", password: "" }, ["sasl::password is empty"]],
    [
      { mechanism: "PLAIN", username: "u", password: "p", password_file: "/p" },
      ["sasl has password and password_file; keep one"],
    ],
    [
      { mechanism: "SCRAM-SHA-512", username: "u", password: "p", oauth: { token: "t" } },
      ["sasl::oauth is for mechanism OAUTHBEARER, not SCRAM-SHA-512"],
    ],
    [{ mechanism: "OAUTHBEARER" }, ["sasl::oauth is required"]],
    [
      { mechanism: "OAUTHBEARER", username: "u", oauth: { token: "t" } },
      ["sasl has a user or a password, of which OAUTHBEARER knows nothing"],
    ],
    [
      { mechanism: "OAUTHBEARER", oauth: { token: "t", token_file: "/t" } },
      ["sasl::oauth must have exactly one of token, token_file and token_url"],
    ],
    [
      { mechanism: "OAUTHBEARER", oauth: { token: "t", client_id: "c" } },
      ["sasl::oauth has a client, but no token_url"],
    ],
    [
      { mechanism: "OAUTHBEARER", oauth: { token_url: "https://u:p@l/t", client_id: "c", client_secret: "s" } },
      ["sasl::oauth::token_url must be a URL"],
    ],
    [
      { mechanism: "OAUTHBEARER", oauth: { token_url: "https://l/t" } },
      ["sasl::oauth::client_id is required", "sasl::oauth::client_secret is required, or client_secret_file"],
    ],
  ])("%o", (raw, problems) => {
    expect(said(raw).problems).toEqual(problems.map((start) => expect.stringContaining(start)));
  });
});

test("a token endpoint that anybody can listen to is warned about", () => {
  const oauth = { token_url: "http://login.example/t", client_id: "c", client_secret: "s" };
  expect(said({ mechanism: "OAUTHBEARER", oauth }).warnings).toEqual([
    "sasl::oauth::token_url is not https: the client's secret and the token go over the network in the clear",
  ]);
});

test("secrets are redacted in whatever is printed", () => {
  const { values } = said({ mechanism: "PLAIN", username: "u", password: "canary" });
  expect(JSON.stringify(values)).not.toContain("canary");
  expect(saslFields.docs.children?.["password"]?.type).toBe("secret");
  expect(saslFields.docs.children?.["oauth"]?.children?.["client_secret"]?.type).toBe("secret");
});

test("this machine is known by its names and addresses", () => {
  expect(["localhost", "127.0.0.1", "127.8.0.1", "::1", "[::1]"].map(isLoopback)).toEqual(Array(5).fill(true));
  expect(["kafka", "128.0.0.1", "127.0.0.1.example", "::", "10.0.0.1"].map(isLoopback)).toEqual(Array(5).fill(false));
});
