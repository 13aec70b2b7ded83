import { brokerContract } from "./broker-contract.ts";
import { memoryBroker } from "./memory-broker.ts";
import { stateContract } from "./state-contract.ts";

const opened = async () => {
  const first = memoryBroker();
  let broker = first;
  return {
    broker: first,
    state: first.state,
    async restart() {
      broker = await broker.restart();
      return broker;
    },
    dispose: () => broker.close(),
  };
};

brokerContract("the log in memory", { prefix: "", open: opened });
stateContract("the state in memory", {
  prefix: "k",
  async open() {
    const under = await opened();
    return { ...under, restart: async () => (await under.restart()).state };
  },
});
