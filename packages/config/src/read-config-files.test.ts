import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readConfigFiles, readReferencedFile } from "./read-config-files.ts";

const folder = mkdtempSync(join(tmpdir(), "rondo-config-"));
afterAll(() => rmSync(folder, { recursive: true }));

const put = (name: string, content: string | Uint8Array) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

describe("sources", () => {
  test("paths, file:, env: and yaml:, in their order", async () => {
    const path = put("a.yaml", "a: 1");
    const env = (name: string) => (name === "CONF" ? "c: 3" : undefined);
    expect(await readConfigFiles([path, `file:${path}`, "env:CONF", "yaml:d::e: 4"], env)).toEqual([
      { name: path, text: "a: 1" },
      { name: path, text: "a: 1" },
      { name: "env:CONF", text: "c: 3" },
      { name: "yaml:", text: "d::e: 4" },
    ]);
  });

  test("a byte order mark is no part of the text", async () => {
    expect(await readConfigFiles([put("bom.yaml", "\ufeffa: 1")])).toMatchObject([{ text: "a: 1" }]);
  });
});

describe("what cannot be read", () => {
  const missing = join(folder, "missing.yaml");
  test.each([
    ["nothing", () => [], /^no configuration: name at least one file with --config$/],
    ["a missing file", () => [missing], /^cannot read .*missing\.yaml: there is no such file; check the path$/],
    ["a folder", () => [folder], /: it is a folder; name a file in it$/],
    ["a path through a file", () => [join(put("f", ""), "x")], /: a part of its path is a file/],
    ["bytes that are no text", () => [put("bin", Uint8Array.of(0xff, 0xfe, 0x00))], /: it is not UTF-8 text$/],
    ["too much", () => [put("big", new Uint8Array(5 << 20))], /: it is too large for a configuration$/],
    ["an unset variable", () => ["env:NOPE"], /^--config env:NOPE: environment variable NOPE is not set$/],
    [
      "another scheme",
      () => ["https://u:secret@x/y"],
      /^--config https:… is not supported; known: a path, file:, env:, yaml:$/,
    ],
  ])("%s", async (_what, sources, message) => {
    await expect(readConfigFiles(sources(), () => undefined)).rejects.toMatchObject({
      code: "config",
      message: expect.stringMatching(message),
    });
  });

  test.skipIf(process.getuid?.() === 0)("a file without permission", async () => {
    const path = put("secret.yaml", "a: 1");
    chmodSync(path, 0);
    await expect(readConfigFiles([path])).rejects.toThrow(/this user may not read it; check its permissions$/);
  });

  test("a file that a value names", () => {
    expect(readReferencedFile(put("token", "x"))).toBe("x");
    expect(() => readReferencedFile(missing)).toThrow(/cannot read .*missing\.yaml: there is no such file/);
  });
});
