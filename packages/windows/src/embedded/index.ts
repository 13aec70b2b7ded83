/** Windows of one machine, for everything that runs in one process. */
export { type EmbeddedWindowsOptions, openEmbeddedWindows } from "./embedded-windows.ts";
