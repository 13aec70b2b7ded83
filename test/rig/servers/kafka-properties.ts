/** The server.properties of a Kafka node that is controller and broker in one (KRaft), sized for a test machine. */

/** The ports of a node on loopback. */
export interface KafkaPorts {
  readonly direct: number;
  readonly control: number;
  /** A second listener, and the port that it sends clients to: a proxy's. */
  readonly proxied?: { readonly listens: number; readonly advertises: number };
}

/** A further listener of a node that is alone, such as one with SASL. */
export interface KafkaListener {
  /** Upper case; properties of its own begin with `listener.name.<lower case>.`. */
  readonly name: string;
  readonly protocol: "SSL" | "SASL_PLAINTEXT" | "SASL_SSL";
  readonly port: number;
}

/** The properties of one node of a cluster, by name. `cluster` has the ports of all of them; ids count from one. */
export function kafkaProperties(
  id: number,
  cluster: readonly KafkaPorts[],
  more: readonly KafkaListener[] = [],
): Readonly<Record<string, string | number>> {
  const own = cluster[id - 1];
  if (own === undefined) throw new Error(`a cluster of ${cluster.length} has no node ${id}`);
  const at = (listener: string, port: number) => `${listener}://127.0.0.1:${port}`;
  const [client, proxied] = [at("PLAINTEXT", own.direct), own.proxied];
  const several = cluster.length > 1;
  const others = more.map(({ name, port }) => at(name, port));
  return {
    "process.roles": "broker,controller",
    "node.id": id,
    "controller.quorum.voters": cluster.map(({ control }, index) => `${index + 1}@127.0.0.1:${control}`).join(),
    listeners: [client, at("CONTROLLER", own.control), proxied && at("PROXIED", proxied.listens), ...others]
      .filter(Boolean)
      .join(),
    "advertised.listeners": [client, proxied && at("PROXIED", proxied.advertises), ...others].filter(Boolean).join(),
    "listener.security.protocol.map": [
      "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PROXIED:PLAINTEXT",
      ...more.map(({ name, protocol }) => `${name}:${protocol}`),
    ].join(),
    "inter.broker.listener.name": "PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "default.replication.factor": cluster.length,
    "min.insync.replicas": several ? 2 : 1,
    "offsets.topic.replication.factor": cluster.length,
    "transaction.state.log.replication.factor": cluster.length,
    "transaction.state.log.min.isr": several ? 2 : 1,
    // Fifty partitions take seconds to make; groups spread over six well enough to meet every coordinator.
    "offsets.topic.num.partitions": several ? 6 : 4,
    "group.initial.rebalance.delay.ms": 0,
    "num.partitions": several ? 6 : 4,
    // The default, 128 MiB, would be half of the heap.
    "log.cleaner.dedupe.buffer.size": 8_388_608,
  };
}

/** The properties as a file. */
export function formatProperties(properties: Readonly<Record<string, string | number>>): string {
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}
