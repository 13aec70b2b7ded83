/** What a resource gives to Prometheus: `job` and `instance` for every series, and the rest for `target_info`. */
import type { Attribute } from "./attributes.ts";

/** A resource in Prometheus's words. */
export interface ResourceLabels {
  /** `service.namespace/service.name`, or the name alone; absent without a service.name. */
  readonly job?: string;
  /** `service.instance.id`. */
  readonly instance?: string;
  /** The attributes that are neither. */
  readonly rest: readonly Attribute[];
}

const IDENTITY: ReadonlySet<string> = new Set(["service.name", "service.namespace", "service.instance.id"]);

/** Whether `job` or `instance` is made of the attribute with this key. */
export function isIdentity(key: string): boolean {
  return IDENTITY.has(key);
}

/** Sorts a resource's attributes into identity and the rest (OpenTelemetry, "Resource Attributes" of the compatibility page). */
export function resourceLabels(attributes: readonly Attribute[]): ResourceLabels {
  const identity = new Map(attributes.filter(([key]) => isIdentity(key)));
  const name = identity.get("service.name");
  const namespace = identity.get("service.namespace");
  const instance = identity.get("service.instance.id");
  return {
    ...(name !== undefined && { job: namespace === undefined ? name : `${namespace}/${name}` }),
    ...(instance !== undefined && { instance }),
    rest: attributes.filter(([key]) => !isIdentity(key)),
  };
}
