/**
 * What Rondo uses of kafkajs: connections – sockets, TLS, SASL, the pairing of answers with requests, timeouts – and its
 * codecs of the messages that are not on the hot path. Its producer and consumer are left alone: the first may acknowledge
 * what it lost, the second couples fetching, handlers and heartbeats. Both are ours, above this file.
 */
import type { Socket } from "node:net";
import type { Log } from "@rondo/core";
import { Kafka, type LogEntry, logLevel } from "kafkajs";
import type { Entrance } from "./entrance.ts";
import type { Address, Exchange } from "./exchange.ts";
import { socketFactory, writePieces } from "./framed-socket.ts";
import type { Credentials, Login } from "./login.ts";
import { WireWriter } from "./wire.ts";

/** A member of a group, as `JoinGroup` tells the leader and `DescribeGroups` everyone. */
export interface GroupMemberEntry {
  readonly memberId: string;
  readonly memberMetadata: Buffer;
}

/** kafkajs's connection to one broker: its own messages, by their names in the protocol. Each rejects with a kafkajs error. */
export interface KafkajsNode {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  isConnected(): boolean;
  readonly connectionPool: { getConnection(index: number): Promise<KafkajsConnection> };
  createTopics(request: {
    readonly topics: readonly {
      readonly topic: string;
      readonly numPartitions: number;
      readonly replicationFactor: number;
      readonly configEntries: readonly { readonly name: string; readonly value: string }[];
    }[];
    readonly timeout: number;
  }): Promise<unknown>;
  metadata(topics: readonly string[]): Promise<{
    readonly topicMetadata: readonly {
      readonly partitionMetadata: readonly { readonly replicas: readonly number[] }[];
    }[];
  }>;
  describeConfigs(request: {
    readonly resources: readonly { readonly type: 2; readonly name: string; readonly configNames: readonly string[] }[];
  }): Promise<{
    readonly resources: readonly {
      readonly configEntries: readonly { readonly configName: string; readonly configValue: string }[];
    }[];
  }>;
  listOffsets(request: {
    readonly replicaId: -1;
    readonly isolationLevel: 0;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number; readonly timestamp: number }[];
    }[];
  }): Promise<{
    readonly responses: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
    }[];
  }>;
  findGroupCoordinator(request: {
    readonly groupId: string;
    readonly coordinatorType: 0;
  }): Promise<{ readonly coordinator: Address }>;
  joinGroup(request: {
    readonly groupId: string;
    readonly memberId: string;
    readonly sessionTimeout: number;
    readonly rebalanceTimeout: number;
    readonly protocolType: "consumer";
    readonly groupProtocols: readonly { readonly name: string; readonly metadata: Buffer }[];
  }): Promise<{
    readonly generationId: number;
    readonly leaderId: string;
    readonly memberId: string;
    readonly members: readonly GroupMemberEntry[];
  }>;
  syncGroup(request: {
    readonly groupId: string;
    readonly generationId: number;
    readonly memberId: string;
    readonly groupAssignment: readonly { readonly memberId: string; readonly memberAssignment: Buffer }[];
  }): Promise<{ readonly memberAssignment: Buffer }>;
  heartbeat(request: {
    readonly groupId: string;
    readonly groupGenerationId: number;
    readonly memberId: string;
  }): Promise<unknown>;
  leaveGroup(request: { readonly groupId: string; readonly memberId: string }): Promise<unknown>;
  offsetCommit(request: {
    readonly groupId: string;
    readonly groupGenerationId: number;
    readonly memberId: string;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly {
        readonly partition: number;
        readonly offset: number;
        readonly metadata?: string;
      }[];
    }[];
  }): Promise<unknown>;
  offsetFetch(request: {
    readonly groupId: string;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number }[];
    }[];
  }): Promise<{
    readonly responses: readonly {
      readonly partitions: readonly {
        readonly partition: number;
        readonly offset: string;
        readonly metadata?: string | null;
      }[];
    }[];
  }>;
  describeGroups(request: { readonly groupIds: readonly string[] }): Promise<{
    readonly groups: readonly {
      readonly members: readonly { readonly memberId: string; readonly clientId: string }[];
    }[];
  }>;
}

/** One socket of a node. */
interface KafkajsConnection {
  readonly clientId: string;
  sasl?: Credentials["sasl"] | null;
  ssl?: Credentials["ssl"] | null;
  readonly socket: Socket;
  failIfNotConnected(): void;
  nextCorrelationId(): number;
  readonly requestQueue: KafkajsQueue;
  /** What was read and is not yet a whole answer. */
  readonly bytesBuffered: number;
  chunks: Buffer[];
  processData(read: Buffer): void;
}

/** The queue of requests of one socket, with the two timers that it keeps. */
interface KafkajsQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests(): void;
  push(request: {
    readonly entry: {
      readonly apiKey: number;
      readonly apiName: string;
      readonly apiVersion: number;
      readonly correlationId: number;
      readonly resolve: (answer: { readonly payload: Buffer }) => void;
      readonly reject: (error: Error) => void;
    };
    readonly expectResponse: true;
    readonly requestTimeout: null;
    readonly sendRequest: () => void;
  }): void;
}

/** kafkajs's cluster, of which only the factories are used. */
interface KafkajsCluster {
  readonly rootLogger: unknown;
  readonly connectionPoolBuilder: { build(address: Address): Promise<KafkajsNode["connectionPool"]> };
  readonly brokerPool: {
    createBroker(options: { readonly connectionPool: unknown; readonly logger: unknown }): KafkajsNode;
  };
}

/** What connections are made with. Times in milliseconds. */
export interface NodeOptions {
  readonly clientId: string;
  readonly login: Login;
  /** Puts into words why a broker does not let us in; absent: kafkajs's error says it. */
  readonly entrance?: Entrance;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly log: Log;
}

/** How long before the end of its session with SASL a connection counts as gone, milliseconds; a new one takes its place. */
const SESSION_MARGIN_MS = 2_000;

/** Returns a function that makes nodes, not yet connected. */
export function nodeFactory(options: NodeOptions): (address: Address) => Promise<KafkajsNode> {
  const { clientId, login, entrance, connectTimeoutMs, requestTimeoutMs, log } = options;
  const kafka = new Kafka({
    // Connections are asked for by address; kafkajs only insists that there is a list.
    brokers: ["localhost:9092"],
    clientId,
    connectionTimeout: connectTimeoutMs,
    authenticationTimeout: requestTimeoutMs,
    reauthenticationThreshold: SESSION_MARGIN_MS,
    requestTimeout: requestTimeoutMs,
    logLevel: logLevel.ERROR,
    socketFactory: socketFactory(),
    logCreator: () => (entry: LogEntry) =>
      log.debug(`kafka connection: ${entry.log.message}`, { broker: entry.log["broker"] }),
  });
  const cluster = clusterOf(kafka);
  return async (address) => {
    const connectionPool = await cluster.connectionPoolBuilder.build(address);
    const node = cluster.brokerPool.createBroker({ connectionPool, logger: cluster.rootLogger });
    const connect = node.connect.bind(node);
    const [connection] = poolConnections(connectionPool);
    if (connection !== undefined) {
      quieten(connection.requestQueue);
      takeWhole(connection);
    }
    const broker = `${address.host}:${address.port}`;
    node.connect = async () => {
      entrance?.check(broker);
      try {
        const credentials = await login();
        if (connection !== undefined) present(credentials, connectionPool, connection);
        await connect();
        entrance?.letIn();
      } catch (thrown) {
        // A broker that refused may wait for another try on the same socket; there is none.
        void node.disconnect().catch(() => undefined);
        throw entrance === undefined ? thrown : entrance.fault(broker, thrown);
      }
    };
    return node;
  };
}

/**
 * Gives a connection that is not yet open its credentials. They are the connection's own, so that the next one has those of its
 * day; that its pool has some tells kafkajs to log in, and to look at the end of the session.
 */
function present({ sasl, ssl }: Credentials, pool: KafkajsNode["connectionPool"], connection: KafkajsConnection): void {
  connection.sasl = sasl ?? null;
  connection.ssl = ssl ?? null;
  // In the pinned version a pool has the credentials of its connections in a property of this name.
  (pool as unknown as { sasl: Credentials["sasl"] | null }).sasl = connection.sasl;
}

/** A node's own messages go over the first connection of its pool; the second stays closed. */
const FIRST = 0;

/**
 * Sends one of our own messages: kafkajs pairs it with its answer and keeps its time, but does not encode it, which would copy
 * everything twice. Rejects with a kafkajs error, and with what `read` throws.
 */
export async function exchange<T>(node: KafkajsNode, message: Exchange<T>): Promise<T> {
  const { apiKey, apiName, apiVersion, body } = message;
  const connection = await node.connectionPool.getConnection(FIRST);
  connection.failIfNotConnected();
  const correlationId = connection.nextCorrelationId();
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly payload: Buffer }>();
  connection.requestQueue.push({
    entry: { apiKey, apiName, apiVersion, correlationId, resolve, reject },
    expectResponse: true,
    requestTimeout: null,
    sendRequest: () =>
      writePieces(connection.socket, [requestHead(message, correlationId, connection.clientId), ...body]),
  });
  return await message.read((await promise).payload);
}

/** Request Header v1 => length:INT32 request_api_key:INT16 request_api_version:INT16 correlation_id:INT32 client_id:STRING */
function requestHead({ apiKey, apiVersion, body }: Exchange<unknown>, correlationId: number, clientId: string): Buffer {
  const writer = new WireWriter(64).int32(0).int16(apiKey).int16(apiVersion).int32(correlationId).string(clientId);
  const bytes = body.reduce((sum, piece) => sum + piece.length, writer.length - 4);
  return writer.patchUint32(0, bytes).bytes;
}

/** The cluster behind a client: its factory is a property under a symbol of this name. */
function clusterOf(kafka: Kafka): KafkajsCluster {
  const key = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === "private:Kafka:createCluster",
  );
  // kafkajs is pinned to one version, in which this property is a function that makes a cluster of the shape above.
  const make = (kafka as unknown as Record<symbol, (options: object) => KafkajsCluster>)[key ?? Symbol.iterator];
  if (make === undefined) throw new TypeError("this kafkajs has no createCluster; only version 2.2.4 is known to work");
  return make({ allowAutoTopicCreation: false });
}

/** The connections of a pool, made when the pool is and not yet open. */
function poolConnections(pool: KafkajsNode["connectionPool"]): readonly KafkajsConnection[] {
  // In the pinned version `pool` is an array of connections.
  return (pool as unknown as { readonly pool: readonly KafkajsConnection[] }).pool;
}

/** Lets a whole answer be taken as it is: kafkajs joins what it reads to what is left of before, also when that is nothing. */
function takeWhole(connection: KafkajsConnection): void {
  const process = connection.processData;
  connection.processData = (read) => {
    if (connection.bytesBuffered === 0) connection.chunks = [];
    process.call(connection, read);
  };
}

const quiet = new WeakSet<object>();

/**
 * kafkajs looks after waiting requests every millisecond for ever, on every connection (kafkajs issue 1704). What waits is
 * looked after when something is answered as well, so without waiting requests the timer has nothing to do.
 */
function quieten(queue: KafkajsQueue): void {
  // The prototype of an object that a class made is an object.
  const prototype = Object.getPrototypeOf(queue) as KafkajsQueue;
  if (quiet.has(prototype)) return;
  quiet.add(prototype);
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function (this: KafkajsQueue) {
    if (this.pending.length > 0) schedule.call(this);
  };
}
