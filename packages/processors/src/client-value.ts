/** `from_context`: values that are not in the telemetry, but in what is known of the client that sent it. */
import type { Meta, MetadataNeed, Place } from "@rondo/core";
import { anyValue, compileEdits, type Edit, type EditProgram } from "@rondo/otlp";

/** An edit whose value is only known with a batch. */
export interface ClientEdit {
  readonly action: "insert" | "update" | "upsert";
  readonly key: string;
  /** The key of client metadata that has the value, in lower case. */
  readonly fromMetadata: string;
  /** AnyValue bytes that are set where the client sent none; null: then nothing is done. */
  readonly fallback: Uint8Array | null;
}

const METADATA = "metadata.";

/**
 * The key of client metadata that a `from_context` names, in lower case. A name without a prefix is one of metadata, too, as in the
 * Collector. Undefined after a problem.
 */
export function metadataKeyOf(context: string, place: Place): string | undefined {
  if (context === "client.address" || context.startsWith("auth.")) {
    place.problem(`${context} is known but not built yet; use metadata.<header>, value or from_attribute`);
    return undefined;
  }
  const key = context.startsWith(METADATA) ? context.slice(METADATA.length) : context;
  if (key !== "") return key.toLowerCase();
  place.problem("must name a header, such as metadata.x-tenant");
  return undefined;
}

/** What edits read of the client's metadata. Backends see what they wrote, not the metadata itself. */
export function metadataOf(edits: readonly (Edit | ClientEdit)[]): MetadataNeed {
  return { keys: edits.flatMap((edit) => (isClientEdit(edit) ? [edit.fromMetadata] : [])), sent: false };
}

/** The program of edits for the metadata of a batch; compiled once where no edit asks for metadata. */
export function programOf(edits: readonly (Edit | ClientEdit)[]): (meta: Meta | undefined) => EditProgram {
  if (!edits.some(isClientEdit)) {
    // What is left are edits alone.
    const program = compileEdits(edits as readonly Edit[]);
    return () => program;
  }
  return (meta) => compileEdits(edits.flatMap((edit) => (isClientEdit(edit) ? editFor(edit, meta ?? {}) : [edit])));
}

function isClientEdit(edit: Edit | ClientEdit): edit is ClientEdit {
  return "fromMetadata" in edit;
}

/** Several values are joined by `;`, as in the Collector. */
function editFor({ action, key, fromMetadata, fallback }: ClientEdit, meta: Meta): readonly Edit[] {
  // A header may be called constructor.
  const values = Object.hasOwn(meta, fromMetadata) ? (meta[fromMetadata] ?? []) : [];
  const value = values.length === 0 ? fallback : anyValue(values.join(";"));
  return value === null ? [] : [{ action, key, value }];
}
