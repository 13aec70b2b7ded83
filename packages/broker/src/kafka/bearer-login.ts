/**
 * SASL/OAUTHBEARER (RFC 7628) with a token that is at hand. kafkajs's own does not read the answer, which is where a broker says
 * that it does not take the token: it would go on, be cut off at its next request, and never know why.
 */

import { Fault } from "@rondo/core";
import type { Mechanism, SaslAuthenticateArgs } from "kafkajs";

/** Before the pairs of a message, between them and at the end (RFC 7628 §3.1). */
const SEPARATOR = "\x01";
/** Bytes of the length in front of a message and of its answer. */
const HEAD = 4;
/** What is quoted of a refusal. */
const MOST_QUOTED = 200;

/** The login of one connection. Rejects with a Fault `startup` that says what the broker holds against the token. */
export function bearerLogin(token: string, extensions: ReadonlyMap<string, string>): Mechanism {
  const message = bearerMessage(token, extensions);
  return {
    mechanism: "OAUTHBEARER",
    authenticationProvider: ({ saslAuthenticate }) => ({
      async authenticate() {
        const refusal = await saslAuthenticate(exchangeOf(message));
        if (typeof refusal === "string" && refusal !== "") {
          const way = "check broker::kafka::sasl::oauth, and that the brokers trust who issues the token";
          throw new Fault("startup", `the token is not taken (${refusal}); ${way}`);
        }
      },
    }),
  };
}

/** The client's first message: `n,,^Aauth=Bearer <token>^A[<key>=<value>^A]…^A`. Throws a Fault `config` for what cannot be in one. */
export function bearerMessage(token: string, extensions: ReadonlyMap<string, string>): Buffer {
  // RFC 6750 §2.1. Anything else, such as a line break in a file of two tokens, would end the pair early.
  if (!/^[\w.~+/-]+=*$/.test(token)) {
    throw new Fault("config", "sasl::oauth: the token has characters that no bearer token has");
  }
  const pairs = [`auth=Bearer ${token}`, ...[...extensions].map(([key, value]) => `${key}=${value}`)];
  if (pairs.some((pair) => pair.includes(SEPARATOR))) {
    throw new Fault("config", "sasl::oauth::extensions: a control character cannot be sent");
  }
  return Buffer.from(["n,,", ...pairs, "", ""].join(SEPARATOR));
}

/** The answer is empty for a token that is taken, and else says in JSON why not (RFC 7628 §3.2.2). */
function exchangeOf(message: Buffer): SaslAuthenticateArgs<string> {
  const sent = Buffer.alloc(HEAD + message.length);
  sent.writeInt32BE(message.length);
  message.copy(sent, HEAD);
  return {
    request: { encode: () => sent },
    response: {
      decode: (answer) => answer.subarray(HEAD),
      parse: (payload) => reasonOf(payload.toString()),
    },
  };
}

/** `status` of the answer, which is what Kafka fills in; the beginning of any other. */
function reasonOf(answer: string): string {
  const [, status] = /"status"\s*:\s*"([^"]*)"/.exec(answer) ?? [];
  return (status ?? answer).slice(0, MOST_QUOTED);
}
