/** The broker of one process, for everything that runs on a single machine. */

export {
  type CheckDataOptions,
  checkData,
  type DataReport,
  type PartitionContent,
  repairData,
} from "./check-data.ts";
export { type FindProcess, findProcess, type ProcessIdentity } from "./directory-lock.ts";
export { type FileSystem, nodeFileSystem, type OpenFile, type OpenMode } from "./file-system.ts";
export type { Finding, FindingKind } from "./finding.ts";
export { type EmbeddedBroker, type EmbeddedOptions, openEmbedded } from "./open-embedded.ts";
export { openStore, type Store, type StoreOptions } from "./store.ts";
export { storeHeadProblem } from "./store-file.ts";
