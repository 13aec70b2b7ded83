export * from "./signal.ts";
