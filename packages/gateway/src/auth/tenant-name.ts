/** A tenant's name as a configuration gives it, fit for everything that it becomes part of. */
import { type Field, field, type Place } from "@rondo/core";

const LENGTH = 150;

/** What Mimir, Loki and Tempo take for a tenant: no control characters, no separators of ours or of HTTP, no way up a path. */
const FORM = /^[A-Za-z0-9!\-_.*'()]+$/;

/** Whether `name` may be a tenant; else reports why not. A tenant is part of headers, of keys of windows and state, of labels. */
export function isTenantName(name: string, place: Place): boolean {
  if (name.length <= LENGTH && FORM.test(name) && name !== "." && name !== "..") return true;
  place.problem(`must name a tenant by 1 to ${LENGTH} letters, digits and the characters ! - _ . * ' ( )`);
  return false;
}

/** A key that names a tenant. */
export function tenantName(doc: string): Field<string> {
  return field("text", doc, (raw, place) => {
    const name = typeof raw === "string" ? raw : "";
    return isTenantName(name, place) ? name : undefined;
  });
}
