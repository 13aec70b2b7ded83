import { expect, test } from "vitest";
import { recordingPlace } from "../place.cases.ts";
import { grpcEndpoint } from "./endpoint.ts";

test.each([
  ["tempo:4317", "dns:///tempo:4317", false],
  ["http://tempo:4317", "dns:///tempo:4317", false],
  ["https://tempo:443/", "dns:///tempo:443", true],
  ["dns:///tempo.monitoring.svc:4317", "dns:///tempo.monitoring.svc:4317", false],
  ["dns://8.8.8.8/tempo:4317", "dns://8.8.8.8/tempo:4317", false],
  ["[::1]:4317", "dns:///[::1]:4317", false],
  ["127.0.0.1:4317", "dns:///127.0.0.1:4317", false],
  ["unix:///run/tempo.sock", "unix:///run/tempo.sock", false],
])("%s is %s", (written, target, https) => {
  expect(grpcEndpoint.read(written, recordingPlace())).toEqual({ target, https });
});

test.each(["", "tempo", "tempo:", "tempo:0", "tempo:99999", "http://tempo:4317/v1/traces", "ftp://x:1", 4317])(
  "%s is no address",
  (written) => {
    const place = recordingPlace();
    expect(grpcEndpoint.read(written, place)).toBeUndefined();
    expect(place.problems[0]).toContain("must be a host and a port such as tempo:4317");
  },
);

test("credentials in an address are refused and not repeated", () => {
  const place = recordingPlace();
  expect(grpcEndpoint.read("http://user:canary@tempo:4317", place)).toBeUndefined();
  expect(place.problems).toEqual(["exporter must not contain credentials; put them into headers"]);
});
