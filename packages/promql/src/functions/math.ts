/** Functions on the numbers of a vector one by one: https://prometheus.io/docs/prometheus/latest/querying/functions */
import type { PromqlFunction } from "./function-type.ts";

/** An entry of the table for a function of one number. */
function math(name: string, doc: string, apply: (value: number) => number): PromqlFunction {
  return { name, doc, args: ["vector"], result: "vector", run: { kind: "element", apply } };
}

/** `Math.min` and `Math.max` pass NaN on, as Go's do. */
function clamp(value: number, least: number, most: number): number | undefined {
  return most < least ? undefined : Math.max(least, Math.min(most, value));
}

/** Functions of mathematics and trigonometry. */
export const MATH_FUNCTIONS: readonly PromqlFunction[] = [
  math("abs", "The absolute value.", Math.abs),
  math("ceil", "Rounded up to an integer.", Math.ceil),
  math("floor", "Rounded down to an integer.", Math.floor),
  math("exp", "The exponential function.", Math.exp),
  math("sqrt", "The square root.", Math.sqrt),
  math("ln", "The natural logarithm.", Math.log),
  math("log2", "The binary logarithm.", Math.log2),
  math("log10", "The decimal logarithm.", Math.log10),
  math("sin", "The sine, of radians.", Math.sin),
  math("cos", "The cosine, of radians.", Math.cos),
  math("tan", "The tangent, of radians.", Math.tan),
  math("asin", "The arcsine, in radians.", Math.asin),
  math("acos", "The arccosine, in radians.", Math.acos),
  math("atan", "The arctangent, in radians.", Math.atan),
  math("sinh", "The hyperbolic sine.", Math.sinh),
  math("cosh", "The hyperbolic cosine.", Math.cosh),
  math("tanh", "The hyperbolic tangent.", Math.tanh),
  math("asinh", "The inverse hyperbolic sine.", Math.asinh),
  math("acosh", "The inverse hyperbolic cosine.", Math.acosh),
  math("atanh", "The inverse hyperbolic tangent.", Math.atanh),
  // In this order, or the last digit differs from Prometheus.
  math("rad", "Degrees as radians.", (value) => (value * Math.PI) / 180),
  math("deg", "Radians as degrees.", (value) => (value * 180) / Math.PI),
  math("sgn", "1 above zero, -1 below, 0 at it.", (value) => (value < 0 ? -1 : value > 0 ? 1 : value)),
  {
    name: "round",
    doc: "Rounded to the nearest multiple of the second argument, 1 without one; ties go up.",
    args: ["vector", "scalar"],
    variadic: 1,
    result: "vector",
    run: {
      kind: "element",
      apply(value, [nearest = 1]) {
        // The inverse, because 1/0.1 is exact where 0.1 is not.
        const inverse = 1 / nearest;
        return Math.floor(value * inverse + 0.5) / inverse;
      },
    },
  },
  {
    name: "clamp",
    doc: "Kept between a lower and an upper bound; nothing when they are crossed.",
    args: ["vector", "scalar", "scalar"],
    result: "vector",
    run: { kind: "element", apply: (value, [least = 0, most = 0]) => clamp(value, least, most) },
  },
  {
    name: "clamp_max",
    doc: "Not above the second argument.",
    args: ["vector", "scalar"],
    result: "vector",
    run: { kind: "element", apply: (value, [most = 0]) => clamp(value, Number.NEGATIVE_INFINITY, most) },
  },
  {
    name: "clamp_min",
    doc: "Not below the second argument.",
    args: ["vector", "scalar"],
    result: "vector",
    run: { kind: "element", apply: (value, [least = 0]) => clamp(value, least, Number.POSITIVE_INFINITY) },
  },
];
