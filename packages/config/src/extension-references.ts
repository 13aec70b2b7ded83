/**
 * Checks what components ask of the service's extensions: a receiver whose authenticator is missing must not start open to all, nor an
 * exporter send without saying who it is.
 */
import { type AnySettingsType, type ExtensionReference, nearest, type Service } from "@rondo/core";
import type { BuiltComponent, Component } from "./component-section.ts";

/** Reports every reference of `components` to an extension that does not run or cannot do what is asked of it. */
export function checkExtensionReferences(
  components: Iterable<BuiltComponent>,
  configured: ReadonlyMap<string, Component>,
  running: readonly Component[],
): void {
  for (const { type, values, place } of components) {
    for (const { keys, id, as } of referencesOf(type, values)) {
      const at = keys.reduce((inner, key) => inner.at(key), place);
      const extension = running.find((one) => one.id === id);
      if (extension === undefined) at.problem(notRunning(id, as, configured));
      else if (extension.status === "planned") {
        at.problem(`extension "${id}" is not built yet, and without this ${as} ${WITHOUT[as]}`);
      } else if (extension.status === "built" && !provides(extension, as)) {
        at.problem(`extension "${id}" is no ${as}${INSTEAD[as]}`);
      }
    }
  }
}

/** What would happen if the reference were left out. */
const WITHOUT: Readonly<Record<Service, string>> = {
  authenticator: "the receiver would be open to everybody",
  "client authenticator": "the backend would not know who sends; put the credentials into headers",
};

/** What to do about an extension that does something else. */
const INSTEAD: Readonly<Record<Service, string>> = {
  authenticator: "",
  "client authenticator": "; put the credentials into headers, or name a headers_setter",
};

/** The extensions that a component refers to; the values are those that the type's own fields were read to. */
export function referencesOf(type: object, values: unknown): readonly ExtensionReference[] {
  // Every kind of type may have such a key, and the erased argument is what `uses` was written for.
  const { uses } = type as { readonly uses?: (values: unknown) => readonly ExtensionReference[] };
  return uses?.(values) ?? [];
}

function provides({ type }: BuiltComponent, as: Service): boolean {
  // The service runs extensions alone.
  return (type as AnySettingsType).provides?.some((one) => one === as) === true;
}

function notRunning(id: string, as: Service, configured: ReadonlyMap<string, Component>): string {
  if (configured.has(id)) return `${as} "${id}" is configured but not in service::extensions; add it there`;
  const near = nearest(id, [...configured.keys()]);
  const advice = near === undefined ? "add it under extensions: and to service::extensions" : `did you mean ${near}?`;
  return `${as} "${id}" is not configured; ${advice}`;
}
