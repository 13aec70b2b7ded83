/** Component ids as the Collector writes them: `type` or `type/name`. */
import { Fault } from "./fault.ts";

/** A parsed component id. */
export interface ComponentId {
  readonly type: string;
  /** The part after the slash; absent in a bare `type`. */
  readonly name?: string;
  /** The id as written. */
  readonly text: string;
}

const TYPE = /^[A-Za-z][0-9A-Za-z_]{0,62}$/;
const NAME_LIMIT = 1024;

/** Parses `type[/name]`; throws a `config` Fault that says what is wrong with it. */
export function parseComponentId(text: string): ComponentId {
  const slash = text.indexOf("/");
  const type = (slash < 0 ? text : text.slice(0, slash)).trim();
  if (!TYPE.test(type)) {
    throw new Fault(
      "config",
      `"${text}" is not a component id: the type must be letters, digits and _, as in otlp/site`,
    );
  }
  if (slash < 0) return { type, text };
  const name = text.slice(slash + 1).trim();
  if (name === "" || name.length > NAME_LIMIT) {
    throw new Fault(
      "config",
      `"${text}" is not a component id: the name after the slash must have 1 to ${NAME_LIMIT} characters`,
    );
  }
  return { type, name, text: `${type}/${name}` };
}
