import { Fault } from "@rondo/core";
import { expect, test } from "vitest";
import { bearerLogin, bearerMessage } from "./bearer-login.ts";

const NONE = new Map<string, string>();

/** Logs in at a broker that gives one answer; resolves with what it was sent, its length in front. */
async function login(answer: string, token = "canary.token") {
  const sent: Buffer[] = [];
  const mute = () => undefined;
  const logger = { info: mute, error: mute, warn: mute, debug: mute, namespace: () => logger, setLogLevel: mute };
  const provider = bearerLogin(token, NONE).authenticationProvider({
    ...{ host: "k", port: 9093, logger },
    async saslAuthenticate({ request, response }) {
      sent.push(await request.encode());
      const head = Buffer.alloc(4);
      head.writeInt32BE(Buffer.byteLength(answer));
      return response?.parse(await response.decode(Buffer.concat([head, Buffer.from(answer)])));
    },
  });
  await provider.authenticate();
  return Buffer.concat(sent);
}

test("the message is RFC 7628's, with its length in front", async () => {
  const sent = await login("");
  expect(sent.readInt32BE()).toBe(sent.length - 4);
  expect(sent.subarray(4).toString()).toBe("n,,\x01auth=Bearer canary.token\x01\x01");
  const more = new Map([
    ["logicalCluster", "l"],
    ["pool", "p"],
  ]);
  expect(bearerMessage("t", more).toString()).toBe("n,,\x01auth=Bearer t\x01logicalCluster=l\x01pool=p\x01\x01");
});

test("an answer that is not empty is a refusal, and says why without the token", async () => {
  const failed = async (answer: string) => Fault.from(await login(answer).catch((thrown: unknown) => thrown));
  const fault = await failed('{"status":"invalid_token","scope":"s"}');
  expect(fault).toMatchObject({
    code: "startup",
    message: expect.stringContaining("the token is not taken (invalid_token)"),
  });
  expect(fault.message).not.toContain("canary");
  expect((await failed("no JSON")).message).toContain("(no JSON)");
});

test.each(["two\ntokens", "a b", "", "t\x01auth=Bearer u"])("%j is no token", (token) => {
  expect(() => bearerMessage(token, NONE)).toThrow("has characters that no bearer token has");
});

test("an extension cannot end its pair early", () => {
  expect(() => bearerMessage("t", new Map([["a", "b\x01c=d"]]))).toThrow("a control character cannot be sent");
});
