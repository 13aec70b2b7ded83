/** How backends that keep tenants apart are told whose data a request holds (Loki, Mimir, Tempo). */
import { type Batch, DEFAULT_TENANT } from "@rondo/core";

/**
 * What everybody sends without a tenant belongs to whom `headers` names, or to a backend that asks for nobody. A tenant's
 * data is never sent under another name, whatever stands in `headers`.
 */
export function tenantHeader({ tenant }: Batch): Readonly<Record<string, string>> {
  return tenant === DEFAULT_TENANT ? {} : { "x-scope-orgid": tenant };
}
