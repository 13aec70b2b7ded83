/** The window store on this machine, in LMDB. */
export {};
