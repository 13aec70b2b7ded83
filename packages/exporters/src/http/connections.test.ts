import { readFields } from "@rondo/core";
import { stubHttp } from "@rondo/testkit/exporter-contract";
import { expect, test } from "vitest";
import { recordingPlace } from "../place.cases.ts";
import { connectionFields } from "./connection-fields.ts";
import { HttpConnections } from "./connections.ts";

function connect(raw: object, port: number) {
  const place = recordingPlace();
  const values = readFields(connectionFields, raw, place);
  if (values === undefined) throw new Error(place.problems.join("; "));
  return new HttpConnections(values, { url: new URL(`http://127.0.0.1:${port}/in`) });
}

const never = () => new AbortController().signal;

test("a request's own headers win over the configured ones, however those are written", async () => {
  const stub = await stubHttp();
  const connections = connect({ headers: { "X-Scope-OrgID": "all", "Content-Type": "text/plain" } }, stub.port);
  const headers = { "x-scope-orgid": "one", "content-type": "application/x-protobuf" };
  const body = new Uint8Array(0);
  expect(await connections.post({ body, headers }, never())).toMatchObject({ answer: { statusCode: 200 } });
  expect(await connections.post({ body, headers: {} }, never())).toMatchObject({ answer: { statusCode: 200 } });
  expect(stub.received.map((one) => one.headers["x-scope-orgid"])).toEqual(["one", "all"]);
  expect(stub.received[0]?.headers).toMatchObject({ "content-type": "application/x-protobuf", "user-agent": "rondo" });
  connections.close();
  expect(await connections.post({ body, headers }, never())).toMatchObject({ verdict: { fault: { code: "aborted" } } });
  await stub.stop();
});
