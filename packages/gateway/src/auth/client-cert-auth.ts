/** The `clientcertauth` extension, Rondo's own: the names in a client's certificate say whose data it is (mTLS). */
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { defineExtension, Fault, map, type ValuesOf } from "@rondo/core";
import type { Authenticator, Identity, Known } from "./authenticator.ts";
import { tenantName } from "./tenant-name.ts";

/** How a key of `tenants` begins: the kinds of name that a certificate may be known by. */
const NAME = /^(?:URI|DNS|email):\S+$/;

const fields = {
  tenants: map(
    "Whose data a client sends, by a subject alternative name of its certificate, such as `URI:spiffe://example.org/site-a` or `DNS:gateway.site-b.example`. Common names do not count.",
    tenantName("The tenant."),
  ),
};

/** What the extension parses to. */
export type ClientCertAuthValues = ValuesOf<typeof fields>;

/** `extensions: clientcertauth`. */
export const clientCertAuthExtension = defineExtension({
  type: "clientcertauth",
  summary: "Says whose data it is by the client's certificate; its receiver's tls has client_ca_file.",
  signals: [],
  provides: ["authenticator"],
  fields,
  check({ tenants }, place) {
    if (tenants.size === 0) place.at("tenants").problem("is empty: nobody could be let in");
    for (const name of tenants.keys()) {
      if (!NAME.test(name))
        place.at("tenants").at(name).problem("must begin with URI:, DNS: or email:, as certificates write it");
    }
  },
});

/** Makes the authenticator. What a certificate says holds for its connection, and is looked at once. */
export function openClientCertAuth({ tenants }: ClientCertAuthValues): Authenticator {
  const known = new WeakMap<Socket, Known>();
  return {
    challenge: 'ClientCertificate realm="rondo"',
    authenticate(_, socket) {
      const found = known.get(socket) ?? identify(socket, tenants);
      known.set(socket, found);
      return found;
    },
    close() {},
  };
}

function identify(socket: Socket, tenants: ReadonlyMap<string, string>): Known {
  const names = namesOf(socket);
  if (names === undefined) {
    return new Fault(
      "unauthenticated",
      "the connection has no client certificate that was checked: tls::client_ca_file",
    );
  }
  const found = new Set(names.flatMap((name) => tenants.get(name) ?? []));
  const [tenant] = found;
  if (tenant === undefined) return new Fault("forbidden", "no name of the client's certificate has a tenant here");
  if (found.size > 1) return new Fault("forbidden", "the names of the client's certificate belong to several tenants");
  return { tenant } satisfies Identity;
}

/** The names in the client's certificate; undefined where there is none that an authority of ours vouches for. */
function namesOf(socket: Socket): readonly string[] | undefined {
  try {
    if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
    return parseAltNames(socket.getPeerX509Certificate()?.subjectAltName ?? "");
  } catch {
    // The socket of an HTTP/2 session that has just ended.
    return undefined;
  }
}

/**
 * The names of `X509Certificate.subjectAltName`: `DNS:a, URI:b`, a value in JSON's quotes wherever it could be taken for more than
 * one name (CVE-2021-44532).
 */
export function parseAltNames(text: string): readonly string[] {
  const found = text.matchAll(/(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,"]*)/gy);
  return [...found].map(([, kind, value = ""]) => `${kind}:${value.startsWith('"') ? JSON.parse(value) : value}`);
}
