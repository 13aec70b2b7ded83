/** Fleets that do not exist: scenarios as recordings, with the truth about them. */
export * from "./event-time.ts";
export type { FleetRequest } from "./fleet-request.ts";
export { type Notification, notificationProblems } from "./notification-check.ts";
export { type Outage, type OutageOptions, outage } from "./outage.ts";
export { labelsText, type PlainLabels, type PlainSeries } from "./plain-series.ts";
export { PlayedWindows } from "./played-windows.ts";
export { recordingText } from "./recording-lines.ts";
export { spedUpRules } from "./sped-up-rules.ts";
export type { AlertState, Evaluation, Transition } from "./transitions.ts";
export { type Episode, EVERY_MINUTE, type Truth } from "./truth.ts";
export { truthDocument } from "./truth-document.ts";
