import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { bind } from "./listener.ts";
import { removeStaleSocket } from "./stale-socket.ts";

const folder = mkdtempSync(join(tmpdir(), "rondo-socket-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("the socket of a killed process is cleared away, and the path is bound again", async () => {
  const path = join(folder, "killed");
  const script = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 9))`;
  spawnSync(process.execPath, ["-e", script]);
  expect(existsSync(path)).toBe(true);
  const server = createServer();
  expect(await bind(server, { path }, "k")).toEqual({ address: path, port: 0 });
  await new Promise((resolve) => server.close(resolve));
  expect(existsSync(path)).toBe(false);
});

test("a socket that is served, and a file that is none, are left alone and named", async () => {
  const served = join(folder, "served");
  const server = createServer();
  await bind(server, { path: served }, "k");
  const file = join(folder, "file");
  writeFileSync(file, "of somebody");
  for (const path of [served, file]) {
    await removeStaleSocket(path);
    expect(existsSync(path)).toBe(true);
    await expect(bind(createServer(), { path }, "receivers::otlp::x")).rejects.toMatchObject({
      code: "startup",
      message: expect.stringMatching(/^receivers::otlp::x: .* is in use by another process, or is no socket/),
    });
  }
  server.close();
  await removeStaleSocket(join(folder, "absent"));
});

test.each([
  ["a folder that is not there", "absent/x", /its folder does not exist/],
  ["a path that is too long", "x".repeat(120), /longer than a socket's path may be/],
])("%s", async (_, name, message) => {
  await expect(bind(createServer(), { path: join(folder, name) }, "k")).rejects.toThrow(message);
});
