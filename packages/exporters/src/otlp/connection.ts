/** A gRPC channel that finds its backend again: after an absence by itself, after a silence by a fresh connection. */

import { isIP } from "node:net";
import { checkServerIdentity, createSecureContext } from "node:tls";
import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  compressionAlgorithms,
  credentials,
} from "@grpc/grpc-js";
import { tlsMaterial } from "@rondo/core";
import type { OtlpValues } from "./config.ts";

/** grpc-js would wait up to two minutes between attempts to connect; a backend that is back is used within 2 s. */
const RECONNECT_MS = { initial: 200, max: 1_500 };

/** Tries in a row that got no answer at all before the connection is given up as half-open. */
const SILENT_TRIES = 2;

/** The connection of one exporter. */
export class Connection {
  readonly #target: string;
  readonly #credentials: ChannelCredentials;
  readonly #options: ChannelOptions;
  #client: Client;
  #silent = 0;

  /** Reads TLS files; throws a Fault `config` when they cannot be used. Connects with the first request. */
  constructor(values: OtlpValues) {
    this.#target = values.endpoint.target;
    this.#credentials = credentialsOf(values);
    this.#options = optionsOf(values);
    this.#client = this.#connect();
  }

  get client(): Client {
    return this.#client;
  }

  /** A try was answered, well or badly: somebody is there. */
  answered(): void {
    this.#silent = 0;
  }

  /**
   * A try was aborted before any answer. A half-open connection looks alive to the channel until the kernel gives up on it
   * after a quarter of an hour; keepalive would notice, but servers may punish it. So silence is counted, and the next try
   * gets a new connection. Calls that still run on the old one (`client`) end there and are not counted any more.
   */
  unanswered(client: Client): void {
    if (client !== this.#client || ++this.#silent < SILENT_TRIES) return;
    this.#silent = 0;
    this.#client.close();
    this.#client = this.#connect();
  }

  /** Ends the connection once its calls have ended. */
  close(): void {
    this.#client.close();
  }

  #connect(): Client {
    return new Client(this.#target, this.#credentials, this.#options);
  }
}

function credentialsOf({ endpoint, tls }: OtlpValues): ChannelCredentials {
  // As in configtls: a CA that was set means TLS, whatever `insecure` says.
  const wantsTls = !tls.insecure || endpoint.https || tls.ca_file !== null || tls.ca_pem !== null;
  if (!wantsTls) return credentials.createInsecure();
  const { servername: _, rejectUnauthorized, ca, ...rest } = tlsMaterial(tls);
  const context = createSecureContext({ ...rest, ...(ca !== undefined && { ca: [...ca] }) });
  const address = tls.server_name_override === "" ? addressOf(endpoint.target) : undefined;
  return credentials.createFromSecureContext(context, {
    rejectUnauthorized,
    // The certificate of a backend that is addressed by IP must name that IP.
    ...(address !== undefined && {
      checkServerIdentity: (_, certificate) => checkServerIdentity(address, certificate),
    }),
  });
}

/** The IP address of a target that has one instead of a name. */
function addressOf(target: string): string | undefined {
  const host = /^dns:(?:\/\/[^/]*\/)?\[?(.+?)\]?:\d+$/.exec(target)?.[1] ?? "";
  return isIP(host) === 0 ? undefined : host;
}

/**
 * The name to send and to expect in TLS. grpc-js would send an IP address as a name, which Node refuses; a name that
 * nobody has (RFC 2606) makes servers show their default certificate, which is then checked against the address.
 */
function tlsName({ endpoint, tls }: OtlpValues): string | undefined {
  if (tls.server_name_override !== "") return tls.server_name_override;
  return addressOf(endpoint.target) === undefined ? undefined : "address.invalid";
}

function optionsOf(values: OtlpValues): ChannelOptions {
  const { keepalive, balancer_name: balancer, authority } = values;
  const name = tlsName(values);
  return {
    "grpc.initial_reconnect_backoff_ms": RECONNECT_MS.initial,
    "grpc.max_reconnect_backoff_ms": RECONNECT_MS.max,
    "grpc.dns_min_time_between_resolutions_ms": RECONNECT_MS.max,
    // Its own connections: a replaced channel must not be handed the half-open one by the pool.
    "grpc.use_local_subchannel_pool": 1,
    // A proxy would be taken from the environment, which only the configuration may read.
    "grpc.enable_http_proxy": 0,
    // Repeating is the Layer retry's, which can be seen and counted.
    "grpc.enable_retries": 0,
    "grpc.service_config": JSON.stringify({ loadBalancingConfig: [{ [balancer]: {} }] }),
    "grpc.service_config_disable_resolution": 1,
    "grpc.max_send_message_length": -1,
    "grpc.max_receive_message_length": values.max_response_size,
    "grpc.default_compression_algorithm":
      compressionAlgorithms[values.compression === "none" ? "identity" : values.compression],
    ...(authority !== "" && { "grpc.default_authority": authority }),
    ...(name !== undefined && { "grpc.ssl_target_name_override": name }),
    ...(keepalive !== null && {
      "grpc.keepalive_time_ms": keepalive.time,
      "grpc.keepalive_timeout_ms": keepalive.timeout,
      "grpc.keepalive_permit_without_calls": keepalive.permit_without_stream ? 1 : 0,
    }),
  };
}
