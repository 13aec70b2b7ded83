import { connect, createServer } from "node:net";
import { expect, test } from "vitest";
import { Listening, showAddress } from "./listening.ts";

const ANY = { host: "127.0.0.1", port: 0 };

/** Whether a connection comes about. */
function dial({ host, port }: { readonly host: string; readonly port: number }): Promise<"connected" | "refused"> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.on("connect", () => resolve("connected"));
    socket.on("error", () => resolve("refused"));
  });
}

test("a shut server cuts its connections and refuses new ones; reopened, it is on the same port", async () => {
  const listening = await Listening.open(createServer(), ANY);
  const { address } = listening;
  const { host, port } = address;
  const socket = connect({ host, port });
  await new Promise((resolve) => socket.on("connect", resolve));
  const ended = new Promise((resolve) => socket.on("close", resolve));
  await listening.shut();
  await ended;
  expect(await dial(address)).toBe("refused");
  await listening.reopen();
  await listening.reopen();
  expect(listening.address).toEqual(address);
  expect(await dial(address)).toBe("connected");
  await listening.shut();
  await listening.shut();
});

test("addresses are shown as flags write them", () => {
  expect(showAddress({ host: "127.0.0.1", port: 1 })).toBe("127.0.0.1:1");
  expect(showAddress({ host: "::1", port: 1 })).toBe("[::1]:1");
});
