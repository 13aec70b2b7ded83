/** The URL of an HTTP backend, whose credentials are kept apart from what may be printed. */
import { type Field, field, Secret } from "@rondo/core";

/** A URL without credentials, safe to print, and the credentials that stood in it. */
export interface HttpEndpoint {
  readonly url: URL;
  /** `user:password`, to be sent as Basic authentication. */
  readonly userInfo?: Secret;
}

/** Parses to null when absent: which of the URLs are required depends on the pipelines. */
export function httpEndpoint(doc: string): Field<HttpEndpoint | null> {
  return field<HttpEndpoint | null>(
    "URL",
    doc,
    (raw, place) => {
      const url = typeof raw === "string" ? URL.parse(raw.trim()) : null;
      if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
        // The value is not repeated: it may carry credentials.
        place.problem("must be a URL that begins with http:// or https://, such as http://localhost:4318");
        return undefined;
      }
      const { username, password } = url;
      const userInfo = decoded(`${username}:${password}`);
      if (userInfo === undefined) {
        place.problem("contains credentials with a broken %-escape; put them into headers instead");
        return undefined;
      }
      url.username = "";
      url.password = "";
      url.hash = "";
      if (username === "" && password === "") return { url };
      return { url, userInfo: new Secret(userInfo) };
    },
    { value: null, text: "none" },
  );
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
