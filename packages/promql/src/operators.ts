/** The binary operators on single values: numbers, native histograms, and one of each. */
import { isComparison, isSetOp } from "./check-types.ts";
import type { ArithmeticOp, BinaryExpr, BinaryOp, ComparisonOp } from "./expr.ts";
import type { FloatHistogram } from "./float-histogram.ts";
import type { CellValue } from "./functions/function-type.ts";
import {
  combineHistograms,
  divideHistogram,
  equalHistograms,
  scaleHistogram,
  withHint,
} from "./histogram-arithmetic.ts";
import { trimHistogram } from "./histogram-trim.ts";
import type { Notes } from "./notes.ts";

/** Powers as C and Go have them: 1 to any power is 1, even to NaN. */
function power(base: number, exponent: number): number {
  if (base === 1) return 1;
  if (base === -1 && !Number.isFinite(exponent) && !Number.isNaN(exponent)) return 1;
  return base ** exponent;
}

/** Arithmetic of two numbers. Trimming is only for histograms. */
const ARITHMETIC: Readonly<Record<Exclude<ArithmeticOp, "</" | ">/">, (left: number, right: number) => number>> = {
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  "/": (left, right) => left / right,
  "%": (left, right) => left % right,
  "^": power,
  atan2: Math.atan2,
};

const COMPARISON: Readonly<Record<ComparisonOp, (left: number, right: number) => boolean>> = {
  "==": (left, right) => left === right,
  "!=": (left, right) => left !== right,
  "<": (left, right) => left < right,
  ">": (left, right) => left > right,
  "<=": (left, right) => left <= right,
  ">=": (left, right) => left >= right,
};

/** What an operator makes of two numbers: for a comparison 1 or 0. */
export function operateNumbers(op: BinaryOp, left: number, right: number): number {
  if (op in COMPARISON) {
    // Asked just before.
    return COMPARISON[op as ComparisonOp](left, right) ? 1 : 0;
  }
  const arithmetic = numberOperation(op);
  if (arithmetic === undefined) throw new TypeError(`operator ${op} is not for numbers`);
  return arithmetic(left, right);
}

/** The arithmetic of an operator on numbers; undefined for comparisons, sets and trimming. */
function numberOperation(op: BinaryOp): ((left: number, right: number) => number) | undefined {
  // A key that is not in the table yields undefined, which the type says.
  return (ARITHMETIC as Readonly<Record<string, (left: number, right: number) => number>>)[op];
}

/** Whether the result of an operator is no longer what the metric's name says. */
export function changesMeaning(op: BinaryOp): boolean {
  return !isComparison(op) && !isSetOp(op) && op !== "</" && op !== ">/";
}

/** What an element of a vector and its partner yield. */
export interface Outcome {
  readonly value: CellValue;
  /** Whether a comparison without `bool` lets the element through. */
  readonly keep: boolean;
}

/** An operator with a place for what it notices, made once for all elements. Undefined: the two do not go together, which is noted. */
export function elementOperation(
  expr: BinaryExpr,
  notes: Notes,
): (left: number | FloatHistogram, right: number | FloatHistogram) => Outcome | undefined {
  const { op } = expr;
  // Comparisons are exactly the keys of their table.
  const compare = isComparison(op) ? COMPARISON[op as ComparisonOp] : undefined;
  const arithmetic = numberOperation(op);
  // Noted once for all elements, because notes of the same words are one.
  const unfit = (left: string, right: string): undefined => {
    notes.info(`incompatible sample types encountered for binary operator "${op}": ${left} ${op} ${right}`, expr);
    return undefined;
  };
  return (left, right) => {
    if (typeof left === "number" && typeof right === "number") {
      // A comparison yields its left side, be the answer yes or no: `bool` asks for the answer alone.
      if (compare !== undefined) return { value: left, keep: compare(left, right) };
      return arithmetic === undefined ? unfit("float", "float") : { value: arithmetic(left, right), keep: true };
    }
    if (typeof left === "number") {
      // A histogram can be scaled from either side, but nothing else can be done to a number with it.
      if (op !== "*" || typeof right === "number") return unfit("float", "histogram");
      return { value: scaleHistogram(right, left), keep: true };
    }
    if (typeof right === "number") {
      const value = withNumber(op, left, right);
      return value === undefined ? unfit("histogram", "float") : { value, keep: true };
    }
    if (op === "==" || op === "!=") return { value: left, keep: equalHistograms(left, right) === (op === "==") };
    if (op !== "+" && op !== "-") return unfit("histogram", "histogram");
    return combine(expr, notes, left, right);
  };
}

/** A histogram scaled, divided or cut by a number; undefined for other operators. */
function withNumber(op: BinaryOp, left: FloatHistogram, right: number): FloatHistogram | undefined {
  if (op === "*") return scaleHistogram(left, right);
  if (op === "/") return divideHistogram(left, right);
  return op === "</" || op === ">/" ? trimHistogram(left, right, op === "</") : undefined;
}

/** A sum or difference of histograms, with what is to be said of it. */
function combine(expr: BinaryExpr, notes: Notes, left: FloatHistogram, right: FloatHistogram): Outcome | undefined {
  const plus = expr.op === "+";
  const combined = combineHistograms(left, right, plus ? 1 : -1);
  if (combined === undefined) {
    notes.warn(`incompatible bucket layout encountered for binary operator ${expr.op}`, expr);
    return undefined;
  }
  const word = plus ? "addition" : "subtraction";
  if (combined.collision) notes.warn(`conflicting counter resets during histogram ${word}`, expr);
  if (combined.reconciled) notes.info(`mismatched custom buckets were reconciled during ${word}`, expr);
  // A difference may fall, so it is no counter whatever its sides were.
  return { value: plus ? combined.histogram : withHint(combined.histogram, "gauge"), keep: true };
}
