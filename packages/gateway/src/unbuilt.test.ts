import { expect, test } from "vitest";
import { place } from "./rig.cases.ts";
import { ignored, refused } from "./unbuilt.ts";

test("a key that protects something ends the start, with the way out", () => {
  const said: string[] = [];
  const tls = refused("TLS.", "end TLS in front of Rondo");
  expect(tls.read({ cert_file: "x" }, place("tls", said))).toBeUndefined();
  expect(said).toEqual(["tls: is not built yet, and leaving it out would be unsafe; end TLS in front of Rondo"]);
  expect([tls.read(undefined, place("tls", said)), tls.read(null, place("tls", said)), said.length]).toEqual([
    null,
    null,
    1,
  ]);
});

test("a key whose absence does no harm is warned about, where it says anything", () => {
  const said: string[] = [];
  const cors = ignored("CORS.", "browsers will not be let through.");
  for (const raw of [undefined, null, false, {}, new Map(), { allowed_origins: ["*"] }, 5]) {
    expect(cors.read(raw, place("cors", said))).toBeNull();
  }
  const warning = "warning: cors: is not built yet and has no effect: browsers will not be let through.";
  expect(said).toEqual([warning, warning]);
});
