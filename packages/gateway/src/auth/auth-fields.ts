/** `auth` of a receiver: the extension that tells its clients apart. Collector: config/configauth, config/confighttp. */
import type { IncomingHttpHeaders } from "node:http";
import { extensionId, group, list, optional, text, type ValuesOf } from "@rondo/core";

const authenticator = extensionId("The id of the extension, such as bearertokenauth.", "bearertokenauth");

/** `auth` of OTLP/gRPC. */
export const grpcAuth = optional(group("Who may send. Absent: everybody, as the default tenant.", { authenticator }));

/** `auth` of OTLP/HTTP. */
export const httpAuth = optional(
  group("Who may send. Absent: everybody, as the default tenant.", {
    authenticator,
    request_params: list(
      "Parameters of the query that count as headers of these names. They show in the logs of every proxy on the way.",
      text("Parameter."),
      [],
    ),
  }),
);

/** What `auth` parses to. */
export type AuthValues = NonNullable<ValuesOf<{ auth: typeof httpAuth }>["auth"]>;

/** The headers of a request with those parameters of its query in their place. */
export function headersWith(
  headers: IncomingHttpHeaders,
  target: string,
  parameters: readonly string[],
): IncomingHttpHeaders {
  if (parameters.length === 0) return headers;
  const query = new URLSearchParams(target.slice(target.indexOf("?") + 1 || target.length));
  const found = parameters.flatMap((name) => {
    const value = query.get(name);
    return value === null ? [] : [[name.toLowerCase(), value] as const];
  });
  return { ...headers, ...Object.fromEntries(found) };
}
