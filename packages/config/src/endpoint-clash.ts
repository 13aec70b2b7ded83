/** Two receivers that would bind one endpoint: told with both places, where the system would only say that it is in use. */
import { collides, type Listening } from "@rondo/core";
import type { BuiltComponent } from "./component-section.ts";
import type { TreePlace } from "./findings.ts";

interface Bound extends Listening {
  readonly place: TreePlace;
  readonly id: string;
}

/** Reports, at the later one, every endpoint that another receiver takes. Of what a receiver names twice its own type can tell. */
export function checkEndpoints(receivers: readonly BuiltComponent[]): void {
  const taken: Bound[] = [];
  for (const { id, type, values, place } of receivers) {
    for (const listening of listeningOf(type, values)) {
      const at = place.down(...listening.keys);
      const other = taken.find((one) => one.id !== id && collides(one.endpoint, listening.endpoint));
      if (other !== undefined) {
        at.problem(
          `is taken by ${other.place.path}; only the protocols of one receiver can share an endpoint, choose another`,
        );
      }
      taken.push({ ...listening, place: at, id });
    }
  }
}

function listeningOf(type: BuiltComponent["type"], values: unknown): readonly Listening[] {
  // Receivers alone declare this, and the erased argument is what the type's own fields were read to.
  const { listens } = type as { readonly listens?: (values: unknown) => readonly Listening[] };
  return listens?.(values) ?? [];
}
