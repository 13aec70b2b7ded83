/** What to say of client metadata at start: what is read and never kept, what is kept for nobody, and what had better not be kept. */
import { isBinaryKey, isSecretKey } from "@rondo/core";
import { needsOf } from "./client-metadata.ts";
import type { BuiltComponent } from "./component-section.ts";
import type { TreePlace } from "./findings.ts";

/** A pipeline with those of its components that run. */
export interface RunningPipeline {
  readonly id: string;
  readonly receivers: readonly BuiltComponent[];
  readonly processors: readonly BuiltComponent[];
  readonly exporters: readonly BuiltComponent[];
}

/** Gives all advice, each piece once, whatever number of pipelines it holds for. None of it keeps a configuration from running. */
export function adviseOnMetadata(pipelines: readonly RunningPipeline[], extensions: readonly BuiltComponent[]): void {
  const said = new Set<string>();
  const warn = (place: TreePlace, message: string) => {
    if (said.has(`${place.path}\n${message}`)) return;
    said.add(`${place.path}\n${message}`);
    place.warn(message);
  };
  const readers = new Map<BuiltComponent, boolean>();
  for (const { id, receivers, processors, exporters } of pipelines) {
    const flags = new Map(receivers.map((receiver) => [receiver, flagsOf(receiver)]));
    const keeps = [...flags.values()].some((places) => places.length > 0);
    let isRead = false;
    for (const component of [...processors, ...exporters]) {
      const keys = needsOf(component, extensions).flatMap((need) => need.keys);
      if (keys.length === 0) continue;
      isRead = true;
      adviseOnKeys(component.place, keys, warn);
      if (keeps) continue;
      const ids = receivers.map((receiver) => receiver.id).join(", ");
      warn(
        component.place,
        `reads client metadata (${keys.join(", ")}), which no receiver of ${id} keeps, so it finds none; ` +
          `set include_metadata: true under the protocols of ${ids}`,
      );
    }
    for (const receiver of receivers) readers.set(receiver, isRead || readers.get(receiver) === true);
  }
  for (const [receiver, isRead] of readers) {
    if (isRead) continue;
    for (const place of flagsOf(receiver)) {
      warn(
        place,
        "keeps nothing, because no component of the receiver's pipelines reads client metadata; keys are named by " +
          "metadata_keys of batch, and by from_context of attributes, resource and headers_setter",
      );
    }
  }
}

function adviseOnKeys(place: TreePlace, keys: readonly string[], warn: (place: TreePlace, message: string) => void) {
  for (const key of keys) {
    if (isSecretKey(key)) {
      warn(
        place,
        `reads ${key} of clients, so their credentials stand readable in the log for as long as it keeps them; ` +
          "use a header that holds no secret, or auth of the receiver",
      );
    } else if (isBinaryKey(key)) {
      warn(place, `reads ${key}, but binary metadata of gRPC is not kept; send it as text under another name`);
    }
  }
}

/** Where a receiver is told to keep metadata. */
function flagsOf({ type, values, place }: BuiltComponent): readonly TreePlace[] {
  // Receivers alone declare this, and the erased argument is what the type's own fields were read to.
  const { keepsMetadata } = type as { readonly keepsMetadata?: (values: unknown) => readonly (readonly string[])[] };
  return keepsMetadata?.(values).map((keys) => place.down(...keys)) ?? [];
}
