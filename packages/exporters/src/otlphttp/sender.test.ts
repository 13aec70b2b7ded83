import { readFields, silentLog, systemClock } from "@rondo/core";
import { Recurring } from "@rondo/delivery";
import { sampleBatch, stubHttp } from "@rondo/testkit/exporter-contract";
import { expect, test } from "vitest";
import { recordingPlace } from "../place.cases.ts";
import { fields } from "./config.ts";
import { OtlpHttpSender } from "./sender.ts";

test("headers of one batch go with it alone, and cannot lie about its body", async () => {
  const stub = await stubHttp();
  const values = readFields(fields, { endpoint: `http://127.0.0.1:${stub.port}` }, recordingPlace());
  if (!values?.endpoint) throw new Error("the endpoint was refused");
  const sender = new OtlpHttpSender(values, {
    endpoint: values.endpoint,
    clock: systemClock,
    trouble: new Recurring(silentLog, systemClock),
    headersOf: ({ tenant }) => ({ "x-tenant": tenant, "content-type": "text/plain" }),
  });
  for (const tenant of ["a", "b"]) {
    await sender.send({ ...sampleBatch("logs"), tenant }, new AbortController().signal);
  }
  expect(stub.received.map(({ headers }) => [headers["x-tenant"], headers["content-type"]])).toEqual([
    ["a", "application/x-protobuf"],
    ["b", "application/x-protobuf"],
  ]);
  await sender.close();
  await stub.stop();
});
