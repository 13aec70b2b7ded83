import { silentLog, systemClock } from "@rondo/core";
import { expect, test } from "vitest";
import { openToAll } from "./auth/authenticator.ts";
import { openGuard } from "./open-guard.ts";

const nothing = () => {};
const around = { key: "k", clock: systemClock, log: silentLog, reloaded: nothing, handshakeFailed: nothing };

test("without auth and tls everybody is let in, in plain text", async () => {
  const guard = await openGuard({ auth: null, tls: null }, { ...around, authenticators: new Map() });
  expect(guard).toEqual({ authenticator: openToAll });
});

test("an authenticator that is not there ends the start: the listener would be open to all", async () => {
  const auth = { authenticator: "bearertokenauth" };
  await expect(openGuard({ auth, tls: null }, { ...around, authenticators: new Map() })).rejects.toMatchObject({
    code: "config",
    message: expect.stringMatching(/^k::auth::authenticator: no extension of the service is the authenticator/),
  });
});
