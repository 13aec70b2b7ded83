import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { startRecordingProxy } from "./recording-proxy.ts";

test("forwards everything, keeps what was posted, and says 502 for a server that is down", async () => {
  const server = createServer(async (request, response) => {
    let said = "";
    for await (const chunk of request) said += chunk;
    response.writeHead(request.method === "POST" ? 202 : 200, { "x-path": request.url }).end(`got ${said}`);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  // A server on TCP has an AddressInfo; only pipes have a string.
  const proxy = await startRecordingProxy({ target: (server.address() as AddressInfo).port });
  const before = Date.now();
  const posted = await fetch(`${proxy.url}/api/v2/alerts?a=1`, { method: "POST", body: "[1]" });
  expect([posted.status, posted.headers.get("x-path"), await posted.text()]).toEqual([
    202,
    "/api/v2/alerts?a=1",
    "got [1]",
  ]);
  expect(await (await fetch(`${proxy.url}/x`)).text()).toBe("got ");
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  expect((await fetch(proxy.url, { method: "POST", body: "lost" })).status).toBe(502);
  expect(proxy.posts.map(({ path, body, status }) => [path, String(body), status])).toEqual([
    ["/api/v2/alerts?a=1", "[1]", 202],
    ["/", "lost", 502],
  ]);
  expect(proxy.posts[0]?.at).toBeGreaterThanOrEqual(before);
  await proxy.close();
});
