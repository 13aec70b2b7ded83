import { once } from "node:events";
import { connect, createServer } from "node:net";
import { expect, test, vi } from "vitest";
import { StubPort } from "./stub-backend.ts";

test("keeps its port over a restart, counts connections and resets them", async () => {
  const stub = new StubPort(createServer());
  await stub.start();
  const { port } = stub;
  const first = connect(port, "127.0.0.1");
  const reset = once(first, "error");
  await vi.waitFor(() => expect(stub.connections).toBe(1));
  await stub.stop();
  expect(await reset).toMatchObject([{ code: "ECONNRESET" }]);
  await vi.waitFor(() => expect(stub.connections).toBe(0));
  await expect(once(connect(port, "127.0.0.1"), "connect")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await stub.start();
  expect(stub.port).toBe(port);
  const again = connect(port, "127.0.0.1");
  await once(again, "connect");
  again.destroy();
  await stub.stop();
});
