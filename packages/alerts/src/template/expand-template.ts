/** Expands a parsed template for one alert, as Go's text/template does with `missingkey=zero`: a label that is missing is empty text. */
import { type CallContext, FUNCTIONS, fitArguments } from "./functions.ts";
import { placeIn } from "./lex.ts";
import type { Command, Operand, Pipeline, Template, TemplateNode } from "./template.ts";
import { display, isTrue, sortedEntries, typeOf, type Value } from "./value.ts";

/** Characters that one expansion may yield; beyond, it is an error like any other. */
export const MAX_EXPANSION = 65_536;

/** Steps of one expansion: a template that calls itself would otherwise never end. */
export const MAX_EXPANSION_STEPS = 100_000;

/** Calls of templates in each other. */
const MAX_CALLS = 100;

/** What a template of a rule is given. */
export interface TemplateData {
  /** The labels of the query's result; those of the rule are not among them. */
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
  readonly externalLabels: ReadonlyMap<string, string>;
  readonly externalUrl: string;
  /** The evaluation's time, milliseconds since the epoch. */
  readonly at: number;
}

/** The text, or why there is none. */
export type Expansion = { readonly text: string } | { readonly error: string };

/** Expands. What goes wrong is in the result; nothing is thrown. */
export function expandTemplate(template: Template, data: TemplateData): Expansion {
  try {
    return { text: new Run(template, data).text() };
  } catch (thrown) {
    if (thrown instanceof RunError) return { error: thrown.message };
    throw thrown;
  }
}

class RunError extends Error {}

/** What ended a list of nodes early. */
type Jump = "break" | "continue" | undefined;

interface Scope {
  readonly dot: Value;
  /** Newest last; a block forgets what it added. */
  readonly variables: { readonly name: string; value: Value }[];
  readonly calls: number;
}

class Run {
  readonly #template: Template;
  readonly #data: TemplateData;
  readonly #context: CallContext;
  #output = "";
  #steps = 0;

  constructor(template: Template, data: TemplateData) {
    this.#template = template;
    this.#data = data;
    this.#context = { at: data.at };
  }

  text(): string {
    const { labels, externalLabels, externalUrl, value } = this.#data;
    const fields = new Map<string, Value>([
      ["Labels", { kind: "labels", entries: labels }],
      ["ExternalLabels", { kind: "labels", entries: externalLabels }],
      ["ExternalURL", externalUrl],
      ["Value", value],
    ]);
    const dot: Value = { kind: "record", fields };
    const variables: Scope["variables"] = [
      { name: "$", value: dot },
      { name: "$labels", value: fields.get("Labels") ?? null },
      { name: "$externalLabels", value: fields.get("ExternalLabels") ?? null },
      { name: "$externalURL", value: externalUrl },
      { name: "$value", value },
    ];
    this.#nodes(this.#template.nodes, { dot, variables, calls: 0 });
    return this.#output;
  }

  #nodes(nodes: readonly TemplateNode[], scope: Scope): Jump {
    for (const node of nodes) {
      this.#step();
      const jump = this.#node(node, scope);
      if (jump !== undefined) return jump;
    }
    return undefined;
  }

  #node(node: TemplateNode, scope: Scope): Jump {
    switch (node.kind) {
      case "text":
        this.#print(node.text);
        return undefined;
      case "print": {
        const value = this.#pipeline(node.pipeline, scope);
        // A pipeline that only sets a variable prints nothing.
        if (node.pipeline.variables.length === 0) this.#print(display(value));
        return undefined;
      }
      case "break":
      case "continue":
        return node.kind;
      case "template":
        this.#call(node, scope);
        return undefined;
      default:
        return this.#block(node, scope);
    }
  }

  #block(node: Extract<TemplateNode, { readonly kind: "if" | "with" | "range" }>, scope: Scope): Jump {
    const { variables } = scope;
    const mark = variables.length;
    try {
      // What `range` sets are its elements, below.
      const value = node.kind === "range" ? this.#commands(node.pipeline, scope) : this.#pipeline(node.pipeline, scope);
      if (node.kind === "range") return this.#range(node, value, scope);
      const inner = node.kind === "with" ? { ...scope, dot: value } : scope;
      return isTrue(value) ? this.#nodes(node.body, inner) : this.#nodes(node.otherwise, scope);
    } finally {
      variables.length = mark;
    }
  }

  #range(node: Extract<TemplateNode, { readonly kind: "if" | "with" | "range" }>, value: Value, scope: Scope): Jump {
    const entries = this.#entries(value, node.at);
    if (entries.length === 0) return this.#nodes(node.otherwise, scope);
    const { variables } = scope;
    const names = node.pipeline.variables;
    if (typeof value === "bigint" && names.length > 1) {
      throw this.#fault(node.at, `can't use ${value} to iterate over more than one variable`);
    }
    const mark = variables.length;
    for (const [key, element] of entries) {
      this.#step();
      variables.length = mark;
      // One variable is the element, of two the first is the key.
      const values = names.length === 1 ? [element] : [key, element];
      for (const [index, name] of names.entries()) this.#set(name, values[index] ?? null, node.pipeline.assigns, scope);
      if (this.#nodes(node.body, { ...scope, dot: element }) === "break") break;
    }
    return undefined;
  }

  #entries(value: Value, at: number): readonly (readonly [Value, Value])[] {
    if (value === null) return [];
    if (typeof value === "bigint") {
      const count = Math.min(Number(value), MAX_EXPANSION_STEPS);
      return Array.from({ length: Math.max(count, 0) }, (_, index) => [BigInt(index), BigInt(index)]);
    }
    if (typeof value === "object" && (value.kind === "labels" || value.kind === "map")) return sortedEntries(value);
    throw this.#fault(at, `range can't iterate over ${display(value)}`);
  }

  /** The called template sees what it is given, and none of the variables here. */
  #call(node: Extract<TemplateNode, { readonly kind: "template" }>, scope: Scope): void {
    if (scope.calls >= MAX_CALLS) throw this.#fault(node.at, `templates call each other more than ${MAX_CALLS} deep`);
    const dot = node.pipeline === undefined ? null : this.#pipeline(node.pipeline, scope);
    const nodes = this.#template.defined.get(node.name) ?? [];
    this.#nodes(nodes, { dot, variables: [{ name: "$", value: dot }], calls: scope.calls + 1 });
  }

  #pipeline(pipeline: Pipeline, scope: Scope): Value {
    const value = this.#commands(pipeline, scope);
    for (const name of pipeline.variables) this.#set(name, value, pipeline.assigns, scope);
    return value;
  }

  #commands({ commands: [first, ...rest] }: Pipeline, scope: Scope): Value {
    return rest.reduce<Value>(
      (last, command) => this.#command(command, scope, [last]),
      this.#command(first, scope, []),
    );
  }

  /** `last` holds what stood before the `|`, or nothing. */
  #command({ operands: [head, ...others], at }: Command, scope: Scope, last: readonly Value[]): Value {
    this.#step();
    if (head.kind === "constant" && head.value === null) throw this.#fault(at, "nil is not a command");
    if (head.kind === "function") return this.#function(head.name, others, scope, last, at);
    if (others.length > 0 || last.length > 0) throw this.#fault(at, "can't give argument to non-function");
    return this.#operand(head, scope);
  }

  #function(name: string, operands: readonly Operand[], scope: Scope, last: readonly Value[], at: number): Value {
    const row = FUNCTIONS[name];
    if (row === undefined) throw this.#fault(at, `function ${JSON.stringify(name)} not defined`);
    const given: Value[] = [];
    // `and` and `or` evaluate no more arguments than they need.
    const enough = name === "and" ? (value: Value) => !isTrue(value) : name === "or" ? isTrue : undefined;
    for (const operand of operands) {
      const value = this.#operand(operand, scope);
      if (enough?.(value) === true) return value;
      given.push(value);
    }
    try {
      return row.run(fitArguments(name, row, [...given, ...last]), this.#context);
    } catch (thrown) {
      if (thrown instanceof RunError || !(thrown instanceof Error)) throw thrown;
      throw this.#fault(at, `error calling ${name}: ${thrown.message}`);
    }
  }

  #operand(operand: Operand, scope: Scope): Value {
    switch (operand.kind) {
      case "dot":
        return scope.dot;
      case "constant":
        return operand.value;
      case "variable":
        return scope.variables.findLast(({ name }) => name === operand.name)?.value ?? null;
      case "pipeline":
        return this.#pipeline(operand.pipeline, scope);
      case "function":
        return this.#function(operand.name, [], scope, [], operand.at);
      case "fields":
        return operand.names.reduce<Value>(
          (of, name) => this.#field(of, name, operand.at),
          this.#operand(operand.of, scope),
        );
    }
  }

  #field(of: Value, name: string, at: number): Value {
    if (of === null) throw this.#fault(at, `nil data; no entry for key ${JSON.stringify(name)}`);
    if (typeof of === "object") {
      if (of.kind === "labels") return of.entries.get(name) ?? "";
      if (of.kind === "map") return of.entries.get(name) ?? null;
      const value = of.kind === "record" ? of.fields.get(name) : undefined;
      if (value !== undefined) return value;
    }
    throw this.#fault(at, `can't evaluate field ${name} in type ${typeOf(of)}`);
  }

  #set(name: string, value: Value, assigns: boolean, { variables }: Scope): void {
    const found = assigns ? variables.findLast((one) => one.name === name) : undefined;
    if (found !== undefined) found.value = value;
    else variables.push({ name, value });
  }

  #print(text: string): void {
    this.#output += text;
    if (this.#output.length > MAX_EXPANSION) throw new RunError(`the text is longer than ${MAX_EXPANSION} characters`);
  }

  #step(): void {
    if (++this.#steps > MAX_EXPANSION_STEPS) throw new RunError(`it takes more than ${MAX_EXPANSION_STEPS} steps`);
  }

  #fault(at: number, message: string): RunError {
    return new RunError(`${placeIn(this.#template.text, at)}: ${message}`);
  }
}
