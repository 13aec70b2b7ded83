/** Where the rules of `architecture.test.ts` do not hold, each with the reason. An entry that is no longer needed fails. */

/** Files that may read time, chance or set timers themselves, instead of taking a Clock or Random. */
export const AMBIENT: Readonly<Record<string, string>> = {
  "packages/core/src/clock.ts": "the system clock, which everything else takes as an argument",
};

/** Files that may read `process.env`. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  "packages/config/src/expand.ts": "expands variables that a configuration names",
};

/** Files that may touch `process.argv`, `process.exit` or `console`: only the command line speaks to a terminal. */
export const TERMINAL: Readonly<Record<string, string>> = {};

/** Source files without a test beside them. */
export const UNTESTED: Readonly<Record<string, string>> = {
  "packages/cli/src/alerts-role.ts": "test/e2e runs it as a process",
  "packages/broker/src/kafka/group-member.ts": "test/servers/kafka-*.test.ts run it on a real Kafka",
  "packages/broker/src/kafka/open-kafka.ts": "test/servers/kafka-*.test.ts run it on a real Kafka",
  "packages/broker/src/kafka/open-reader.ts": "test/servers/sdk-consumer.test.ts runs it on a real Kafka",
  "packages/broker/src/kafka/registrations.ts": "test/servers/kafka-*.test.ts run it on a real Kafka",
  "packages/broker/src/kafka/topics.ts": "test/servers/kafka-*.test.ts run it on a real Kafka",
  "packages/cli/src/commands/demo.ts": "test/e2e runs it as a process",
  "packages/cli/src/main.ts": "test/e2e, test/chaos and test/sdk run it as a process",
  "packages/cli/src/threads/task.ts": "test/e2e runs it as the threads of a process",
  "packages/cli/src/windows.ts": "test/e2e runs it in processes over LMDB and over Redis",
  "packages/core/src/component.ts": "types, a log that is silent, and functions that add a kind to their argument",
  "packages/core/src/drop-reason.ts": "a table; test/checklist.ts counts the rows that no test names",
  "packages/testkit/src/broker-lives-contract.ts": "part of broker-contract.ts, which every broker runs",
  "packages/testkit/src/keep-contract.ts": "a contract, which packages/worker runs, on components that break it too",
  "packages/testkit/src/leases-contract.ts": "a contract suite, which packages/windows and test/servers run",
  "packages/testkit/src/memory-group.ts": "part of memory-broker.ts, which passes every broker's contract",
  "packages/testkit/src/memory-partition.ts": "part of memory-broker.ts, which passes every broker's contract",
  "packages/testkit/src/memory-state.ts": "part of memory-broker.ts, which passes every broker's contract",
  "packages/windows/src/redis/connection.ts": "test/servers/windows.test.ts runs it on a real Redis",
  "packages/windows/src/redis/redis-leases.ts": "test/servers/windows.test.ts runs it on a real Redis",
  "packages/windows/src/redis/redis-windows.ts": "test/servers/windows.test.ts runs it on a real Redis",
  "packages/windows/src/redis/script.ts": "test/servers/windows.test.ts runs it on a real Redis",
};

/** Files and folders that may import the generated codec, which decodes into objects; everything else works on wire bytes. */
export const DECODES: Readonly<Record<string, string>> = {
  "packages/cli/src/sink/": "a stand-in for backends, which must tell items apart",
  "packages/cli/src/replay/": "reads a recording once, before it is sent",
  "packages/exporters/src/debug/": "prints items for a person",
  "packages/sdk/src/consumer/": "hands items to the code of users that asks for objects",
};
