/** Finds rules that look farther back than the log reaches: after windows were lost they stay wrong for as long as that. */
import { type RuleGroup, selectorsOfGroups } from "@rondo/alerts";
import type { Finding, Graph } from "@rondo/config";

/** A warning when the log keeps less than some rule reads; no finding at all when it keeps enough. */
export function shortRetention(
  { alerts, broker }: Pick<Graph, "alerts" | "broker">,
  rules: ReadonlyMap<string, readonly RuleGroup[]>,
): readonly Finding[] {
  if (alerts === undefined) return [];
  const { lookbackMs } = alerts;
  const reaches = [...rules.values()].flatMap((groups) =>
    groups.flatMap((group) => selectorsOfGroups([group], { lookbackMs }).map(({ reachMs }) => ({ group, reachMs }))),
  );
  const farthest = reaches.reduce<(typeof reaches)[number] | undefined>(
    (most, one) => (most === undefined || one.reachMs > most.reachMs ? one : most),
    undefined,
  );
  if (farthest === undefined || farthest.reachMs <= broker.retentionMs) return [];
  const path = broker.kind === "kafka" ? "broker::kafka::topics::retention" : "broker::embedded::retention";
  const { group, reachMs } = farthest;
  const message = `keeps ${minutes(broker.retentionMs)}, and the rules of group ${group.name} (${group.file}) reach back ${minutes(reachMs)}: windows that are lost cannot be filled again that far; keep at least as much`;
  return [{ path, message }];
}

function minutes(ms: number): string {
  const whole = Math.ceil(ms / 60_000);
  return whole % 60 === 0 ? `${whole / 60}h` : `${whole}m`;
}
