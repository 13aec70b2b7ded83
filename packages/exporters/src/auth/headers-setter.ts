/** `headers_setter`: headers of requests to backends from constants, and from what a client's request had. Collector: contrib. */
import { validateHeaderValue } from "node:http";
import {
  choice,
  defineExtension,
  group,
  isBinaryKey,
  list,
  type Meta,
  optional,
  type Place,
  refusedKey,
  type SetHeaders,
  secret,
  text,
  type ValuesOf,
} from "@rondo/core";

const rule = {
  key: text("The header to set, in any case."),
  action: choice(
    "insert: only where it is absent; update: only where it is present; upsert: both; delete.",
    ["insert", "update", "upsert", "delete"],
    "upsert",
  ),
  value: optional(secret("The value. Never printed.")),
  from_context: text(
    "The header of the client's request that has the value, several joined by a comma; empty when it had none and there is no " +
      "default_value. The receiver needs include_metadata.",
    "",
  ),
  default_value: optional(text("What is set where the client sent no such header.")),
  from_attribute: refusedKey("An attribute of who was authenticated.", "use from_context or value"),
  value_file: refusedKey("A file that has the value.", "use value with a reference to the file"),
};

type Rule = ValuesOf<typeof rule>;

const rules = list("What to set, in order; each sees what the ones before it did.", group("One header.", rule));

function readRules(raw: unknown, place: Place): readonly Rule[] | undefined {
  if (Array.isArray(raw) && raw.length === 0) place.problem("is empty: name at least one header");
  return rules.read(raw, place);
}

/** The names that gRPC has for metadata; HTTP has a few odd ones more, and nobody knows yet who will send. */
const NAME = /^[\w.-]+$/;

/** What describes a request's body and its connection is the protocol's, not to be set. */
const PROTOCOL = /^(?:content-.*|host|connection|transfer-encoding|te|trailer|upgrade|keep-alive|grpc-.*|:.*)$/;

/** The `headers_setter` extension. It changes the headers that an exporter's configuration names, on HTTP and gRPC alike. */
export const headersSetterExtension = defineExtension({
  type: "headers_setter",
  summary: "Sets headers of requests to backends, from constants or from headers of the client's request.",
  signals: [],
  provides: ["client authenticator"],
  fields: {
    headers: { docs: rules.docs, read: readRules },
    additional_auth: refusedKey("Another extension, to be asked before.", "remove the key"),
  },
  check({ headers }, place) {
    for (const [index, one] of headers.entries()) checkRule(one, place.at("headers").at(index));
  },
  metadata: ({ headers }) => ({
    keys: headers.flatMap(({ from_context: key }) => (key === "" ? [] : [key.toLowerCase()])),
    sent: true,
  }),
  setHeaders: ({ headers }): SetHeaders => {
    const rules = headers.map(compiled);
    return (all, meta) => {
      for (const run of rules) run(all, meta);
    };
  },
});

function checkRule({ key, action, value, from_context: context, default_value: fallback }: Rule, place: Place): void {
  const name = key.toLowerCase();
  if (PROTOCOL.test(name)) place.at("key").problem(`${key} belongs to the protocol and cannot be set`);
  else if (!NAME.test(name)) place.at("key").problem("must be the name of a header, such as X-Scope-OrgID");
  else if (action !== "delete" && isBinaryKey(name)) {
    place.at("key").problem(`${key} is a name of binary metadata of gRPC, and what is set is text; choose another`);
  }
  try {
    validateHeaderValue(key, value?.reveal() ?? "");
  } catch {
    place.at("value").problem("is no value of a header; check for line breaks and odd letters");
  }
  const sources = [value !== null && "value", context !== "" && "from_context"].filter((name) => name !== false);
  if (action === "delete") {
    for (const name of sources) place.at(name).problem("is not used by delete; remove it");
  } else if (sources.length !== 1) {
    place.problem(`${action} needs one of value and from_context${sources.length === 2 ? ", but both are set" : ""}`);
  }
  if (fallback !== null && context === "")
    place.at("default_value").problem("is used with from_context alone; remove it");
}

/** One rule as a change of headers. */
function compiled({ key, action, value, from_context: context, default_value: fallback }: Rule) {
  const name = key.toLowerCase();
  const from = context.toLowerCase();
  const constant = value?.reveal();
  return (all: Map<string, string>, meta: Meta): void => {
    if (action === "delete") all.delete(name);
    else if (action === "upsert" || all.has(name) === (action === "update")) {
      // Several lines of a header are one, joined by commas: RFC 9110 §5.2. An empty value, as in the Collector, is set all the
      // same: without it the request would go out as whoever the exporter's own headers name.
      const sent = Object.hasOwn(meta, from) ? meta[from]?.join(", ") : undefined;
      all.set(name, constant ?? sent ?? fallback ?? "");
    }
  };
}
