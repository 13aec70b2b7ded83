/** Edits the attributes of one message after the other of a body, noting the splices. */
import { AttributeList } from "./attribute-list.ts";
import { Cursor, Wire } from "./cursor.ts";
import type { EditProgram } from "./edit.ts";
import { runEdits } from "./run-edits.ts";
import type { Splices } from "./splices.ts";
import { usualField, usualStart } from "./usual-field.ts";

/** Runs one program on messages of one body, in their order. */
export class MessageEditor {
  readonly #body: Uint8Array;
  readonly #splices: Splices;
  readonly #program: EditProgram;
  readonly #data: DataView;
  #list: AttributeList | undefined;

  constructor(body: Uint8Array, splices: Splices, program: EditProgram) {
    this.#body = body;
    this.#splices = splices;
    this.#program = program;
    this.#data = new DataView(body.buffer, body.byteOffset, body.length);
  }

  /** Edits the message that is the cursor's current value, whose attributes have the number `attributes`. */
  edit(field: Cursor, attributes: number): void {
    const lacking = this.#program.inserts?.lacking(this.#body, this.#data, field.start, field.stop, attributes);
    if (lacking?.length === 0) return;
    this.#splices.enter(field);
    if (lacking !== undefined) this.#splices.replace(field.stop, 0, lacking);
    else {
      this.#list ??= new AttributeList(this.#body);
      this.#list.read(new Cursor(this.#body, field.start, field.stop), attributes);
      runEdits(this.#program, this.#list);
      this.#list.emit(this.#splices, attributes, field.stop);
    }
    this.#splices.leave();
  }

  /**
   * Edits the messages ahead of `parent` that stand side by side under the number `field` (1 to 15). It may stop early, with
   * the next of them still ahead of `next()`: as `Cursor.skipRun` does, and for the same reason.
   */
  editRun(parent: Cursor, field: number, attributes: number): void {
    const { inserts } = this.#program;
    if (inserts === undefined) return;
    const body = this.#body;
    const tag = field * 8 + Wire.bytes;
    const { end } = parent;
    let at = parent.stop;
    while (at < end && body[at] === tag) {
      const stop = usualField(body, at, end);
      if (stop < 0) break;
      const start = usualStart(body, at);
      const lacking = inserts.lacking(body, this.#data, start, stop, attributes);
      if (lacking === undefined) break;
      if (lacking.length > 0) this.#splices.append(at + 1, start, stop, lacking);
      at = stop;
    }
    parent.stop = at;
  }
}
