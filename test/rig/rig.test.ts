import type { Signal } from "@rondo/otlp";
import { expect, test } from "vitest";
import { freePorts } from "./free-port.ts";
import { grpcClient, httpClient } from "./otlp-client.ts";
import { type Reply, serveGrpc, serveHttp } from "./otlp-server.ts";
import { between, seededRandom } from "./random.ts";

const roads = [
  ["OTLP/HTTP", httpClient, serveHttp],
  ["OTLP/gRPC", grpcClient, serveGrpc],
] as const;

test.each(roads)("over %s a request arrives as it was sent and the answer comes back", async (_name, client, serve) => {
  const seen: [Signal, string][] = [];
  const replies: Reply[] = ["accepted", "later", "never"];
  const server = await serve(0, (signal, body) => {
    seen.push([signal, body.toString()]);
    return replies[seen.length - 1] ?? "accepted";
  });
  const one = client({ port: server.port, timeoutMs: 5000 });
  const large = "x".repeat(300_000);
  const answers = [
    await one.send("traces", Buffer.from("a")),
    await one.send("metrics", Buffer.from(large)),
    await one.send("logs", Buffer.from("c")),
  ];
  one.close();
  await server.close();
  expect(answers.map(({ kind }) => kind)).toEqual(["accepted", "refused", "refused"]);
  expect(seen).toEqual([
    ["traces", "a"],
    ["metrics", large],
    ["logs", "c"],
  ]);
});

test.each(roads)("over %s silence is no answer", async (_name, client, serve) => {
  const server = await serve(0, () => new Promise<Reply>(() => {}));
  const one = client({ port: server.port, timeoutMs: 100 });
  expect((await one.send("logs", Buffer.from("a"))).kind).toBe("unanswered");
  one.close();
  await server.close();
});

test.each(roads)("over %s nobody listening is no answer", async (_name, client) => {
  const [port = 0] = await freePorts(1);
  const one = client({ port, timeoutMs: 1000 });
  expect((await one.send("logs", Buffer.from("a"))).kind).toBe("unanswered");
  one.close();
});

test("a seed gives the same numbers again, all inside the bounds", () => {
  const draw = (seed: number) => {
    const random = seededRandom(seed);
    return Array.from({ length: 200 }, () => between(random, 3, 9));
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
  expect(new Set(draw(7))).toEqual(new Set([3, 4, 5, 6, 7, 8]));
});

test("a port is given to one who asks, and to nobody else, though none binds it", async () => {
  const asked = await Promise.all(Array.from({ length: 30 }, () => freePorts(10)));
  expect(new Set(asked.flat()).size).toBe(300);
});
