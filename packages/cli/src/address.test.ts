import { expect, test } from "vitest";
import { parseAddress } from "./address.ts";

test("hosts, IPv6 hosts and bare ports", () => {
  expect(parseAddress("--x", "127.0.0.1:8888")).toEqual({ host: "127.0.0.1", port: 8888 });
  expect(parseAddress("--x", "[::1]:0")).toEqual({ host: "::1", port: 0 });
  expect(parseAddress("--x", ":13133")).toEqual({ host: "0.0.0.0", port: 13133 });
});

test.each(["8888", "host", "h:99999", "a:b", "::1:80"])("%s is refused by the flag's name", (written) => {
  expect(() => parseAddress("--metrics-address", written)).toThrow(/--metrics-address/);
});
