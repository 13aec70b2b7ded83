import { createServer } from "node:net";
import { expect, test } from "vitest";
import { Listening, showAddress } from "../sink/listening.ts";
import { assertReachable } from "./reachable.ts";

test("an address on which something listens is returned as a URL, with its path", async () => {
  const listening = await Listening.open(createServer(), { host: "127.0.0.1", port: 0 });
  const address = showAddress(listening.address);
  expect((await assertReachable("--grpc", address)).host).toBe(address);
  expect((await assertReachable("--http", `http://${address}/otlp`)).pathname).toBe("/otlp");
  await listening.shut();
  await expect(assertReachable("--grpc", address)).rejects.toMatchObject({ code: "unavailable" });
});

test("what is no address of that protocol is refused with an example", async () => {
  await expect(assertReachable("--http", "127.0.0.1:4318")).rejects.toThrow("write http://HOST:PORT, such as");
  await expect(assertReachable("--grpc", "http://127.0.0.1:4317")).rejects.toThrow("--grpc");
});
