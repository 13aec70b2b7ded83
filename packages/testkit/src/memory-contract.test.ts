import { Fault } from "@rondo/core";
import { brokerContract } from "./broker-contract.ts";
import { memoryBroker } from "./memory-broker.ts";
import { stateContract } from "./state-contract.ts";

const opened = () => {
  const broker = memoryBroker({ partitions: 4 });
  return {
    broker,
    state: broker.state,
    async restart() {
      broker.crash();
      return broker;
    },
    async expire(topic: string, partition: number) {
      broker.trim(topic, partition, (await broker.watermarks(topic, partition)).high);
    },
    async outage() {
      broker.beforeAppend = () => {
        throw new Fault("unavailable", "out on purpose");
      };
      return async () => {
        broker.beforeAppend = undefined;
      };
    },
    dispose: () => broker.close(),
  };
};

brokerContract("the broker in memory", { prefix: "", open: async () => opened() });
stateContract("the state in memory", {
  prefix: "k",
  async open() {
    const under = opened();
    return { ...under, restart: async () => (await under.restart()).state };
  },
});
