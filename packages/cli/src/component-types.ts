/** Every component that a configuration may name: one explicit list; nothing registers itself. */
import { PLANNED } from "@rondo/config";
import type { ComponentTypes } from "@rondo/core";
import { exporterTypes } from "@rondo/exporters";
import { otlpReceiver } from "@rondo/gateway";
import { healthCheckExtension } from "@rondo/monitor";
import { processorTypes } from "@rondo/processors";

/** What this build knows. */
export const COMPONENT_TYPES: ComponentTypes = {
  receivers: [otlpReceiver],
  processors: processorTypes,
  exporters: exporterTypes,
  extensions: [healthCheckExtension],
  planned: PLANNED,
};
