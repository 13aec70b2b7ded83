/** Clears away the socket file of a process that was killed, which nobody else would: a path can be bound only while it is free. */
import { lstat, unlink } from "node:fs/promises";
import { connect } from "node:net";

/** Removes the file at `path` when it is a socket at which nobody listens; anything else is left, for the bind to fail over. */
export async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSocket() === true && !(await isServed(path))) await unlink(path);
}

/** Only a refusal says that nobody is there; who does not answer in another way may be. */
function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (thrown) => resolve(!("code" in thrown && thrown.code === "ECONNREFUSED")));
  });
}
