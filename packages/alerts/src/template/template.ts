/** A parsed template: Go's text/template as far as rule files need it. */

/** A template that was parsed and checked; made by `parseTemplate` alone. */
export interface Template {
  /** As it was written. */
  readonly text: string;
}
