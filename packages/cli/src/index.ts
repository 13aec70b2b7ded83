/** What tests and rigs take from the command line without starting it: the sink's other end, captures, recordings, comparisons. */
export { COMPONENT_TYPES } from "./component-types.ts";
export { readRecording } from "./replay/recording.ts";
export { expectedIdentities, type TimeShift, timeShift } from "./replay/timeline.ts";
export type { Behaviour } from "./sink/behaviour.ts";
export { readCapture } from "./sink/capture.ts";
export { type SinkClient, sinkClient } from "./sink/client.ts";
export { compareIds } from "./sink/compare.ts";
export { type Held, Holdings } from "./sink/holdings.ts";
export { identities } from "./sink/identity.ts";
