/**
 * Parses a template and checks all that can be checked before it runs, as Go does: functions and variables that there are,
 * blocks that end. What Prometheus has and this build has not is refused by name, so that no rule loads and then prints nothing.
 */
import { FUNCTIONS, UNBUILT_FUNCTIONS } from "./functions.ts";
import { lexTemplate, placeIn, TemplateError, type Token } from "./lex.ts";
import type { Command, Operand, Pipeline, Template, TemplateNode } from "./template.ts";
import type { Value } from "./value.ts";

/** Blocks and parentheses in each other. */
export const MAX_TEMPLATE_DEPTH = 50;

/** Characters of a template's text. */
export const MAX_TEMPLATE_LENGTH = 65_536;

/** The variables that Prometheus defines before every template of a rule. */
export const RULE_VARIABLES = ["$labels", "$externalLabels", "$externalURL", "$value"] as const;

/** Parses; throws a TemplateError whose message begins with `line:column`. */
export function parseTemplate(text: string): Template {
  if (text.length > MAX_TEMPLATE_LENGTH) {
    throw new TemplateError(`1:1: a template of ${text.length} characters is longer than ${MAX_TEMPLATE_LENGTH}`);
  }
  return new Parser(text).parse();
}

/** What ended a list of nodes. */
type Ending = "end" | "else" | "text";

const INTEGER = /^[+-]?(?:0[xX][0-9a-fA-F_]+|0[oO]?[0-7_]+|0[bB][01_]+|[1-9][\d_]*|0)$/;

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #defined = new Map<string, readonly TemplateNode[]>();
  readonly #labelsRead = new Set<string>();
  /** Names of templates that are called, checked when all definitions are known. */
  readonly #called: { readonly name: string; readonly at: number }[] = [];
  #next = 0;
  #depth = 0;
  #variables: string[] = ["$", ...RULE_VARIABLES];
  #ranges = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = lexTemplate(text);
  }

  parse(): Template {
    const { nodes, ending, at } = this.#list();
    if (ending !== "text") throw this.#fault(at, `unexpected {{${ending}}}`);
    for (const { name, at: place } of this.#called) {
      if (!this.#defined.has(name)) throw this.#fault(place, `template ${JSON.stringify(name)} is not defined`);
    }
    return { text: this.#text, nodes, defined: this.#defined, labelsRead: this.#labelsRead };
  }

  /** Nodes up to the end of the text, `{{end}}` or `{{else`, which is taken as far as the word. */
  #list(): { readonly nodes: readonly TemplateNode[]; readonly ending: Ending; readonly at: number } {
    const nodes: TemplateNode[] = [];
    for (;;) {
      const token = this.#tokens[this.#next];
      if (token === undefined) return { nodes, ending: "text", at: this.#text.length };
      this.#next++;
      if (token.kind === "text") {
        nodes.push({ kind: "text", text: token.text });
        continue;
      }
      this.#skipSpace();
      const word = this.#peek();
      if (word?.kind === "word" && (word.text === "end" || word.text === "else")) {
        this.#next++;
        if (word.text === "end") this.#close("end");
        return { nodes, ending: word.text, at: word.at };
      }
      const node = this.#action(token.at);
      if (node !== undefined) nodes.push(node);
    }
  }

  #action(at: number): TemplateNode | undefined {
    const word = this.#peek();
    switch (word?.kind === "word" ? word.text : "") {
      case "if":
      case "with":
      case "range":
        this.#next++;
        return this.#block(word?.text === "if" ? "if" : word?.text === "with" ? "with" : "range", at);
      case "break":
      case "continue":
        this.#next++;
        this.#close(word?.text ?? "");
        if (this.#ranges === 0) throw this.#fault(at, `{{${word?.text}}} outside {{range}}`);
        return { kind: word?.text === "break" ? "break" : "continue" };
      case "define":
        this.#next++;
        this.#define(at);
        return undefined;
      case "block": {
        this.#next++;
        const name = this.#name("block");
        const pipeline = this.#pipeline("block");
        this.#close("block");
        this.#add(name, this.#body(at, "block"), at);
        return { kind: "template", name, pipeline, at };
      }
      case "template": {
        this.#next++;
        const name = this.#name("template");
        this.#called.push({ name, at });
        this.#skipSpace();
        const pipeline = this.#peek()?.kind === "close" ? undefined : this.#pipeline("template");
        this.#close("template");
        return { kind: "template", name, at, ...(pipeline && { pipeline }) };
      }
    }
    const pipeline = this.#pipeline("command");
    this.#close("command");
    return { kind: "print", pipeline };
  }

  /** `if`, `with` and `range`: a variable that they make is known until their end. */
  #block(kind: "if" | "with" | "range", at: number): TemplateNode {
    return this.#nested(at, () => {
      const outer = this.#variables.length;
      const pipeline = this.#pipeline(kind);
      if (pipeline.variables.length > 1 && kind !== "range") throw this.#fault(at, `too many variables in {{${kind}}}`);
      this.#close(kind);
      if (kind === "range") this.#ranges++;
      const { nodes: body, ending } = this.#list();
      if (kind === "range") this.#ranges--;
      const otherwise = ending === "else" ? this.#otherwise(kind, at) : [];
      if (ending === "text") throw this.#fault(at, `{{${kind}}} has no {{end}}`);
      this.#variables.length = outer;
      return { kind, pipeline, body, otherwise, at };
    });
  }

  /** What follows `{{else`: its own list, or another block of the same kind whose `{{end}}` ends both. */
  #otherwise(kind: "if" | "with" | "range", at: number): readonly TemplateNode[] {
    this.#skipSpace();
    const word = this.#peek();
    if (word?.kind === "word" && word.text === kind && kind !== "range") {
      this.#next++;
      return [this.#block(kind, at)];
    }
    this.#close("else");
    return this.#body(at, kind);
  }

  #body(at: number, kind: string): readonly TemplateNode[] {
    return this.#nested(at, () => {
      const { nodes, ending } = this.#list();
      if (ending !== "end") throw this.#fault(at, `{{${kind}}} has no {{end}}`);
      return nodes;
    });
  }

  /** A definition sees none of the variables around it. */
  #define(at: number): void {
    const name = this.#name("define");
    this.#close("define");
    const [variables, ranges] = [this.#variables, this.#ranges];
    [this.#variables, this.#ranges] = [["$"], 0];
    this.#add(name, this.#body(at, "define"), at);
    [this.#variables, this.#ranges] = [variables, ranges];
  }

  #add(name: string, nodes: readonly TemplateNode[], at: number): void {
    if (this.#defined.has(name)) throw this.#fault(at, `template ${JSON.stringify(name)} is defined twice`);
    this.#defined.set(name, nodes);
  }

  #name(kind: string): string {
    this.#skipSpace();
    const token = this.#peek();
    if (token?.kind !== "string") throw this.#fault(token?.at ?? 0, `{{${kind}}} needs a name in quotes`);
    this.#next++;
    return token.text;
  }

  #close(context: string): void {
    this.#skipSpace();
    const token = this.#peek();
    if (token?.kind !== "close") throw this.#unexpected(token, context);
    this.#next++;
  }

  #pipeline(context: string): Pipeline {
    const { variables, assigns } = this.#declaration(context);
    const first = this.#command(context);
    const rest: Command[] = [];
    while (this.#mark("|")) {
      const command = this.#command(context);
      const [head] = command.operands;
      if (head.kind === "constant" || head.kind === "dot") {
        throw this.#fault(command.at, "only a function can be given what stands before |");
      }
      rest.push(command);
    }
    // Known only behind the pipeline: `$x := $x` reads the outer one.
    if (!assigns) this.#variables.push(...variables);
    return { variables, assigns, commands: [first, ...rest] };
  }

  #declaration(context: string): { readonly variables: readonly string[]; readonly assigns: boolean } {
    const start = this.#next;
    const variables: string[] = [];
    do {
      this.#skipSpace();
      const token = this.#peek();
      if (token?.kind !== "variable") break;
      this.#next++;
      variables.push(token.text);
    } while (context === "range" && variables.length < 2 && this.#mark(","));
    const declares = variables.length > 0 && this.#mark(":=");
    const assigns = !declares && variables.length > 0 && this.#mark("=");
    if (!declares && !assigns) {
      this.#next = start;
      return { variables: [], assigns: false };
    }
    const unknown = assigns ? variables.find((name) => !this.#variables.includes(name)) : undefined;
    if (unknown !== undefined) throw this.#fault(this.#tokens[start]?.at ?? 0, `undefined variable ${unknown}`);
    return { variables, assigns };
  }

  #command(context: string): Command {
    this.#skipSpace();
    const at = this.#peek()?.at ?? this.#text.length;
    const first = this.#operand();
    if (first === undefined) throw this.#unexpected(this.#peek(), context, "a value is missing");
    const operands: [Operand, ...Operand[]] = [first];
    for (;;) {
      const spaced = this.#skipSpace();
      const next = this.#peek();
      const operand = this.#operand();
      if (operand === undefined) return { operands, at };
      if (!spaced) throw this.#unexpected(next, context);
      operands.push(operand);
    }
  }

  /** One operand with the fields behind it; undefined when none begins here. */
  #operand(): Operand | undefined {
    const token = this.#peek();
    const of = token === undefined ? undefined : this.#term(token);
    if (of === undefined || token === undefined) return undefined;
    const names: string[] = [];
    for (let next = this.#peek(); next?.kind === "field"; next = this.#peek()) {
      names.push(next.text);
      this.#next++;
    }
    if (names.length === 0) return of;
    if (of.kind === "constant" || of.kind === "function") {
      throw this.#fault(token.at, `${JSON.stringify(token.text)} has no fields`);
    }
    this.#noteLabel(of, names);
    return { kind: "fields", of, names, at: token.at };
  }

  #term(token: Token): Operand | undefined {
    switch (token.kind) {
      case "field":
        return { kind: "dot" };
      case "variable":
        this.#next++;
        if (!this.#variables.includes(token.text)) throw this.#fault(token.at, `undefined variable ${token.text}`);
        return { kind: "variable", name: token.text };
      case "number":
        this.#next++;
        return { kind: "constant", value: this.#number(token) };
      case "string":
        this.#next++;
        return { kind: "constant", value: token.text };
      case "word":
        this.#next++;
        return this.#word(token);
      default:
        return this.#bracketed(token);
    }
  }

  #bracketed(token: Token): Operand | undefined {
    if (token.kind !== "mark") return undefined;
    if (token.text === ".") {
      this.#next++;
      return { kind: "dot" };
    }
    if (token.text !== "(") return undefined;
    return this.#nested(token.at, () => {
      this.#next++;
      const pipeline = this.#pipeline("parenthesis");
      if (!this.#mark(")")) throw this.#unexpected(this.#peek(), "parenthesis", "a ) is missing");
      return { kind: "pipeline", pipeline };
    });
  }

  #word({ text, at }: Token): Operand {
    if (text === "true" || text === "false") return { kind: "constant", value: text === "true" };
    if (text === "nil") return { kind: "constant", value: null };
    if (Object.hasOwn(FUNCTIONS, text)) return { kind: "function", name: text, at };
    if (UNBUILT_FUNCTIONS.has(text)) throw this.#fault(at, `function ${text} is not built yet`);
    throw this.#fault(at, `function ${JSON.stringify(text)} not defined`);
  }

  #number({ text, at }: Token): Value {
    const plain = text.replaceAll("_", "");
    const [, sign = "", digits = ""] = /^([+-]?)(.*)$/.exec(plain) ?? [];
    if (INTEGER.test(text)) {
      const magnitude = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
      return sign === "-" ? -magnitude : magnitude;
    }
    const value = Number(plain);
    if (Number.isNaN(value)) throw this.#fault(at, `${text} is no number`);
    return value;
  }

  /** Remembers `$labels.x` and `.Labels.x`, for those who can tell whether there is such a label. */
  #noteLabel(of: Operand, names: readonly string[]): void {
    const [first, second] = names;
    if (of.kind === "variable" && of.name === "$labels" && first !== undefined) this.#labelsRead.add(first);
    if (
      (of.kind === "dot" || (of.kind === "variable" && of.name === "$")) &&
      first === "Labels" &&
      second !== undefined
    )
      this.#labelsRead.add(second);
  }

  #nested<T>(at: number, parse: () => T): T {
    if (++this.#depth > MAX_TEMPLATE_DEPTH) throw this.#fault(at, `nests deeper than ${MAX_TEMPLATE_DEPTH} levels`);
    const parsed = parse();
    this.#depth--;
    return parsed;
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#next];
  }

  #skipSpace(): boolean {
    const isSpace = this.#peek()?.kind === "space";
    if (isSpace) this.#next++;
    return isSpace;
  }

  /** Takes an operator, with the space before it, if it is next. */
  #mark(text: string): boolean {
    const start = this.#next;
    this.#skipSpace();
    const token = this.#peek();
    if (token?.kind === "mark" && token.text === text) {
      this.#next++;
      return true;
    }
    this.#next = start;
    return false;
  }

  #unexpected(token: Token | undefined, context: string, missing?: string): TemplateError {
    const found = token === undefined ? "end of the text" : JSON.stringify(token.text);
    return this.#fault(
      token?.at ?? this.#text.length,
      missing === undefined ? `unexpected ${found} in ${context}` : `${missing} in ${context}, found ${found}`,
    );
  }

  #fault(at: number, message: string): TemplateError {
    return new TemplateError(`${placeIn(this.#text, at)}: ${message}`);
  }
}
