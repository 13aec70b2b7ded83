/** Modules that threads are started with: they are named at run time, when sources and a build have different names. */

/**
 * The URL of the module `name`, written without an extension, beside the module whose `import.meta.url` is `beside`: `.ts` where that
 * one runs from its source, `.js` in a build.
 */
export function siblingModule(name: string, beside: string): URL {
  return new URL(`./${name}${beside.endsWith(".ts") ? ".ts" : ".js"}`, beside);
}
