import { FakeClock } from "@rondo/testkit";
import { leasesContract } from "@rondo/testkit/leases-contract";
import { localLeases } from "./local-leases.ts";

leasesContract("those of one process", async () => {
  const clock = new FakeClock();
  const leases = localLeases(clock);
  return { leases, other: leases, pass: (ms) => clock.advance(ms), dispose: () => leases.close() };
});
