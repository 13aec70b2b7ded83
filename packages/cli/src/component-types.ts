/** Every component that a configuration may name: one explicit list; nothing registers itself. */
import { PLANNED } from "@rondo/config";
import type { ComponentTypes } from "@rondo/core";
import { exporterTypesWith, headersSetterExtension, type ServePage } from "@rondo/exporters";
import { basicAuthExtension, bearerTokenAuthExtension, clientCertAuthExtension, otlpReceiver } from "@rondo/gateway";
import { healthCheckExtension } from "@rondo/monitor";
import { processorTypes } from "@rondo/processors";

/** What this build knows; `serve` shows the pages of its exporters, in this thread unless told otherwise. */
export function componentTypes(serve?: ServePage): ComponentTypes {
  return {
    receivers: [otlpReceiver],
    processors: processorTypes,
    exporters: exporterTypesWith(process, serve),
    extensions: [
      healthCheckExtension,
      basicAuthExtension,
      bearerTokenAuthExtension,
      clientCertAuthExtension,
      headersSetterExtension,
    ],
    planned: PLANNED,
  };
}

/** What this build knows, of one process. */
export const COMPONENT_TYPES: ComponentTypes = componentTypes();
