/**
 * Checkpoints as they stand in `rondo.state`, by group, partition, offset and component. What every component kept at an offset is
 * written in pieces, and behind them a manifest: a checkpoint without its manifest, or with a piece that is not as the manifest
 * says, was never finished. Rules of the log 5.
 */
import { escapeName, type StateStore, type StateWrite } from "@rondo/broker";
import { crc32c, Fault } from "@rondo/core";

/** The version of the layout; a manifest of another is passed over. */
const LAYOUT = 1;
/** Bytes of one piece: well below what a record may hold, and few enough for a store that keeps a value whole in memory. */
export const PIECE_BYTES = 512 * 1024;

/** What one component kept, to be stored. */
export interface ComponentCheckpoint {
  readonly id: string;
  readonly type: string;
  readonly value: Uint8Array;
}

/** One component in a manifest. */
export interface ManifestEntry {
  readonly id: string;
  readonly type: string;
  readonly bytes: number;
  readonly pieces: number;
  /** CRC-32C of all of it. */
  readonly crc: number;
}

interface Manifest {
  readonly layout: number;
  readonly components: readonly ManifestEntry[];
}

/** Which partition of which group checkpoints belong to. */
export interface CheckpointPlace {
  readonly group: string;
  readonly partition: number;
}

function prefixOf({ group, partition }: CheckpointPlace): string {
  return `checkpoint/${group}/${partition}/`;
}

/** Offsets are written so that byte order is their order. */
const OFFSET_DIGITS = 16;

function manifestKey(place: CheckpointPlace, offset: number): string {
  return `${prefixOf(place)}${String(offset).padStart(OFFSET_DIGITS, "0")}`;
}

function pieceKey(place: CheckpointPlace, offset: number, id: string, piece: number): string {
  return `${manifestKey(place, offset)}/${escapeName(id)}/${piece}`;
}

/** The writes of a checkpoint that is true for `offset`, the manifest last. */
export function checkpointWrites(
  place: CheckpointPlace,
  offset: number,
  components: readonly ComponentCheckpoint[],
  pieceBytes = PIECE_BYTES,
): readonly StateWrite[] {
  const writes: StateWrite[] = [];
  const entries = components.map(({ id, type, value }): ManifestEntry => {
    const pieces = Math.ceil(value.length / pieceBytes);
    for (let piece = 0; piece < pieces; piece++) {
      const key = pieceKey(place, offset, id, piece);
      writes.push({ key, value: value.subarray(piece * pieceBytes, (piece + 1) * pieceBytes) });
    }
    return { id, type, bytes: value.length, pieces, crc: crc32c(value) };
  });
  const manifest: Manifest = { layout: LAYOUT, components: entries };
  writes.push({ key: manifestKey(place, offset), value: Buffer.from(JSON.stringify(manifest)) });
  return writes;
}

/** A finished checkpoint. */
export interface StoredCheckpoint {
  readonly offset: number;
  readonly components: readonly ManifestEntry[];
  /** What a component kept. Throws a Fault `corrupt` when that is not all there any more. */
  read(entry: ManifestEntry): Uint8Array;
}

/** Everything that is stored for a partition. */
export interface StoredCheckpoints {
  /** Finished ones, the newest first. */
  readonly checkpoints: readonly StoredCheckpoint[];
  /** Every key, also of what was never finished, by offset. */
  readonly keys: ReadonlyMap<number, ReadonlySet<string>>;
}

/** Reads what is stored for a partition. */
export async function loadCheckpoints(state: StateStore, place: CheckpointPlace): Promise<StoredCheckpoints> {
  const prefix = prefixOf(place);
  const values = new Map(await state.list(prefix));
  const keys = new Map<number, Set<string>>();
  for (const key of values.keys()) {
    const offset = Number(key.slice(prefix.length, prefix.length + OFFSET_DIGITS));
    keys.set(offset, (keys.get(offset) ?? new Set()).add(key));
  }
  const checkpoints: StoredCheckpoint[] = [];
  for (const offset of [...keys.keys()].sort((a, b) => b - a)) {
    const components = readManifest(values.get(manifestKey(place, offset)));
    if (components === undefined) continue;
    const read = ({ id, bytes, pieces, crc }: ManifestEntry) => {
      const parts = Array.from(
        { length: pieces },
        (_, piece) => values.get(pieceKey(place, offset, id, piece)) ?? NONE,
      );
      const value = Buffer.concat(parts);
      if (value.length === bytes && crc32c(value) === crc) return value;
      throw new Fault(
        "corrupt",
        `the checkpoint of ${id} at offset ${offset} has ${value.length} B that are not the ${bytes} B written`,
      );
    };
    checkpoints.push({ offset, components, read });
  }
  return { checkpoints, keys };
}

const NONE = new Uint8Array(0);

function readManifest(value: Uint8Array | undefined): readonly ManifestEntry[] | undefined {
  if (value === undefined) return undefined;
  try {
    // Only `checkpointWrites` writes under these keys; another layout says so first.
    const { layout, components } = JSON.parse(Buffer.from(value).toString()) as Manifest;
    return layout === LAYOUT ? components : undefined;
  } catch {
    return undefined;
  }
}
