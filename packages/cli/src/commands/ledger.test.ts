import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@rondo/core";
import { expect, test } from "vitest";
import { printed } from "../configuration.cases.ts";
import { EXIT } from "../out.ts";
import { ledgerCommand } from "./ledger.ts";

const YAML = `
  receivers: {otlp: {protocols: {http: }}}
  exporters: {debug: {verbosity: basic}}
  service: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}
`;

test("a wrong configuration is told before the log is touched, and a folder without a log is not made into one", async () => {
  const folder = await mkdtemp(join(tmpdir(), "rondo-ledger-"));
  const config = join(folder, "config.yaml");
  const data = join(folder, "data");
  const { errors, out } = printed();
  await writeFile(config, YAML);
  const wrong = { config: [config], set: ["exporters.debug.nosuch=1"], data };
  expect(await ledgerCommand(wrong, { out, clock: systemClock, random: Math.random })).toBe(EXIT.usage);
  expect(errors).toEqual([expect.stringContaining("exporters::debug::nosuch: unknown key")]);
  await expect(
    ledgerCommand({ config: [config], set: [], data }, { out, clock: systemClock, random: Math.random }),
  ).rejects.toMatchObject({
    message: expect.stringContaining(data),
  });
  expect(existsSync(data)).toBe(false);
  await rm(folder, { recursive: true });
});
