/** The log on a real Kafka: the contract suites of every broker and every state store. */
import { type KafkaOptions as BrokerOptions, openKafka } from "@rondo/broker/kafka";
import { silentLog, systemClock } from "@rondo/core";
import { brokerContract } from "@rondo/testkit/broker-contract";
import { stateContract } from "@rondo/testkit/state-contract";
import { afterAll, beforeAll } from "vitest";
import { suiteNeeds } from "../needs.ts";
import { type Kafka, type KafkaOptions, startKafka } from "../rig/servers/index.ts";

let tests = 0;

/** Declares both suites against a cluster of their own. */
function contracts(name: string, server: KafkaOptions): void {
  let kafka: Kafka;
  beforeAll(async () => {
    kafka = await startKafka(server);
  }, 60_000);
  afterAll(() => kafka.close());

  const opened = async () => {
    const options: BrokerOptions = {
      brokers: kafka.brokers,
      clientId: "rondo/contract/test/0",
      clock: systemClock,
      log: silentLog,
      random: Math.random,
      stateTopic: `rondo.state.${++tests}`,
    };
    const first = await openKafka(options);
    let broker = first;
    return {
      broker: first,
      state: first.state,
      async restart() {
        await broker.close();
        broker = await openKafka(options);
        return broker;
      },
      dispose: () => broker.close(),
    };
  };

  brokerContract(name, { prefix: "", open: opened });
  stateContract(`rondo.state on ${name}`, {
    prefix: "k",
    async open() {
      const under = await opened();
      return { ...under, restart: async () => (await under.restart()).state };
    },
  });
}

suiteNeeds("kafka")("the log on Kafka 4.1", () => contracts("Kafka 4.1", {}));
suiteNeeds("kafka-3.9")("the log on Kafka 3.9", () => contracts("Kafka 3.9", { version: "3.9.1" }));
