/** `auth` of an exporter: the extension that says to the backend who sends. Collector: config/configauth. */
import {
  type ExtensionReference,
  extensionId,
  Fault,
  group,
  type Meta,
  optional,
  type SetHeaders,
  type Surroundings,
  type ValuesOf,
} from "@rondo/core";

/** The key `auth` of every exporter that sends. */
export const clientAuth = optional(
  group("Who is said to send. Absent: nobody but headers.", {
    authenticator: extensionId("The id of the extension, such as headers_setter.", "headers_setter"),
  }),
);

type Authenticated = Pick<ValuesOf<{ auth: typeof clientAuth }>, "auth">;

/** The extensions that an exporter's values refer to. */
export function usesAuth({ auth }: Authenticated): readonly ExtensionReference[] {
  return auth === null ? [] : [{ keys: ["auth", "authenticator"], id: auth.authenticator, as: "client authenticator" }];
}

/**
 * What `auth` makes of the configured headers, whose names are in lower case, for a request with some metadata; undefined without
 * `auth`. Throws a Fault `config` when there is no such extension: nothing goes out as somebody else.
 */
export function headersByAuth(
  { auth }: Authenticated,
  { headersBy }: Pick<Surroundings, "headersBy">,
): HeadersByAuth | undefined {
  if (auth === null) return undefined;
  const set: SetHeaders | undefined = headersBy?.(auth.authenticator);
  if (set === undefined)
    throw new Fault("config", `auth::authenticator: no extension ${auth.authenticator} sets headers`);
  return (configured, meta = {}, encode) => {
    const headers = new Map(configured);
    set(headers, meta);
    for (const [name, value] of headers) if (configured.get(name) !== value) headers.set(name, encode(value));
    return headers;
  };
}

/** The headers of a request, of which those that are not as configured are encoded for their protocol. */
export type HeadersByAuth = (
  configured: ReadonlyMap<string, string>,
  meta: Meta | undefined,
  encode: (value: string) => string,
) => Map<string, string>;

/** Text as HTTP sends it: UTF-8, which Node wants as Latin-1, without what would end the header. RFC 9110 §5.5. */
export function httpValue(text: string): string {
  return Buffer.from(text.replace(/[^\t\x20-\x7e\x80-\u{10ffff}]/gu, escaped)).toString("latin1");
}

/** Text as gRPC sends it: printable ASCII, everything else as %xx of its UTF-8. gRPC over HTTP/2, "Requests", Custom-Metadata. */
export function grpcValue(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, escaped);
}

function escaped(character: string): string {
  return [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
}
