import { expect, test } from "vitest";
import { readAddress } from "./read-address.ts";

test("names and numbers of hosts, IPv6 in brackets", () => {
  expect(readAddress("kafka-1.example:9092")).toEqual({ host: "kafka-1.example", port: 9092 });
  expect(readAddress("127.0.0.1:19092")).toEqual({ host: "127.0.0.1", port: 19092 });
  expect(readAddress("[::1]:9092")).toEqual({ host: "::1", port: 9092 });
});

test.each(["kafka", "kafka:", ":9092", "::1:9092", "kafka:port", "kafka:0", "kafka:65536", ""])(
  "%j is no broker",
  (text) => {
    expect(() => readAddress(text)).toThrow(`"${text}" is no Kafka broker; write host:port`);
  },
);
