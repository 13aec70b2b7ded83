/** Alertmanager for tests: takes alerts by its API v2 and is asked which there are. */
import { tool } from "../../needs.ts";
import { freePorts } from "../free-port.ts";
import { getJson, type HttpServer, startHttpServer } from "./http-server.ts";

/** An alert as Alertmanager tells it; times are RFC 3339. */
export interface GettableAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly updatedAt: string;
  readonly generatorURL: string;
  readonly fingerprint: string;
  readonly status: { readonly state: "unprocessed" | "active" | "suppressed" };
}

/** An Alertmanager that runs. */
export interface Alertmanager extends HttpServer {
  /** The alerts that fire now; those that ended are not among them. */
  alerts(): Promise<readonly GettableAlert[]>;
}

/** What a test may want to be different. */
export interface AlertmanagerOptions {
  /** Its configuration; one receiver that tells nobody unless given. */
  readonly config?: string;
}

/** Starts Alertmanager on a free port of loopback. Resolves when it is ready. */
export async function startAlertmanager(options: AlertmanagerOptions = {}): Promise<Alertmanager> {
  const [port = 0] = await freePorts(1);
  const server = await startHttpServer({
    name: "alertmanager",
    port,
    readyPath: "/-/ready",
    config: () => options.config ?? "route: {receiver: none}\nreceivers: [{name: none}]\n",
    command: ({ config, data }) => [
      tool("alertmanager"),
      `--config.file=${config}`,
      `--storage.path=${data}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--cluster.listen-address=",
      "--log.level=warn",
    ],
  });
  return Object.assign(server, {
    // Of that shape by its OpenAPI definition (api/v2/openapi.yaml).
    alerts: async () => (await getJson(`${server.url}/api/v2/alerts`)) as readonly GettableAlert[],
  });
}
