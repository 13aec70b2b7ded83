/** A thread's module for tests whose task never says anything and never ends. */
export default () => new Promise<never>(() => undefined);
