/** The window store in Redis. */
export {};
