/** Component types of the Collector distributions that this build knows by name only; a configuration that has them is told so. */
import type { ComponentKind, ComponentTypes, PlannedType } from "@rondo/core";
import { spellings } from "./catalogue.ts";

/**
 * Names by kind, as in the manifests of the core, contrib and k8s distributions; a `|` joins the spellings of one type, the
 * current one first. A `!` marks a type that holds data back: without it, data would go where somebody did not want it to go.
 */
const NAMES: Readonly<Record<ComponentKind, string>> = {
  receiver: `
    active_directory_ds aerospike apache apachespark awscloudwatch awscontainerinsightreceiver awsecscontainermetrics awsfirehose
    awss3 awsxray azure_blob|azureblob azure_event_hub|azureeventhub azure_monitor|azuremonitor bigip carbon chrony cloudflare
    cloudfoundry collectd couchdb datadog docker_stats elasticsearch envoyals expvar faro file_log|filelog file_stats|filestats
    flinkmetrics fluentforward|fluent_forward github gitlab googlecloudmonitoring googlecloudpubsub googlecloudspanner haproxy
    host_metrics|hostmetrics http_check|httpcheck iis influxdb jaeger jmx journald k8s_cluster k8s_events k8sobjects|k8s_objects
    kafka kafka_metrics|kafkametrics kubelet_stats|kubeletstats libhoney loki memcached mongodb mongodbatlas mysql namedpipe nginx
    nop nsxt ntp oracledb otelarrow|otel_arrow podman_stats postgresql pprof prometheus prometheus_simple
    prometheus_remote_write|prometheusremotewrite pulsar purefa purefb rabbitmq receiver_creator redis riak saphana sapm signalfx
    skywalking snmp snowflake solace splunk_hec splunkenterprise sqlquery|sql_query sqlserver ssh_check|sshcheck
    statsd stef syslog systemd tcp_check|tcpcheck tcp_log|tcplog tls_check|tlscheck udp_log|udplog vcenter vcr_webhook
    wavefront webhook_event|webhookevent windows_event_log|windowseventlog windows_perf_counters|windowsperfcounters
    windowsservice yanggrpc zipkin zookeeper`,
  processor: `
    attributes batch coralogix cumulative_to_delta|cumulativetodelta delta_to_rate|deltatorate !filter geoip group_by_attrs|groupbyattrs group_by_trace|groupbytrace interval
    isolation_forest|isolationforest k8s_attributes|k8sattributes log_dedup|logdedup !logstransform lookup memory_limiter
    metrics_generation|experimental_metricsgeneration metric_start_time|metricstarttime !metrics_transform|metricstransform
    !probabilistic_sampler queuebatch !redaction remote_tap|remotetap resource resource_detection|resourcedetection !routing
    schema service_graph|servicegraph !span span_metrics|spanmetrics spanpruning sumologic !tail_sampling !transform
    unroll datadogsemantics dns_lookup|dnslookup`,
  exporter: `
    alertmanager alibabacloud_logservice awscloudwatchlogs awsemf awskinesis awss3 awsxray azure_blob|azureblob
    azuredataexplorer azuremonitor|azure_monitor bmchelix carbon cassandra clickhouse coralogix datadog dataset debug doris
    elasticsearch faro file googlecloud googlecloudpubsub googlecloudstorage google_cloud_storage googlemanagedprometheus
    honeycombmarker influxdb kafka kineticadb load_balancing|loadbalancing logging logicmonitor logzio loki mezmo nop opencensus
    opensearch otlp_grpc|otlp otlp_http|otlphttp otelarrow|otel_arrow prometheus prometheus_remote_write|prometheusremotewrite
    pulsar rabbitmq sapm sentry signalfx skywalking splunk_hec stef sumologic syslog tencentcloud_logservice tinybird zipkin`,
  extension: `
    ack asapclient awsproxy aws_proxy awscloudwatchmetricstreams_encoding awslogs_encoding azure_auth|azureauth
    azure_encoding basicauth|basic_auth bearertokenauth|bearer_token_auth cfgardenobserver cgroupruntime datadog
    docker_observer ecs_observer ecs_task_observer file_storage db_storage googleclientauth googlecloudlogentry_encoding
    headers_setter health_check|healthcheck healthcheckv2|health_checkv2 host_observer http_forwarder jaeger_encoding
    jaegerremotesampling json_log_encoding k8s_leader_elector k8s_observer kafkatopics_observer memory_ballast memory_limiter
    oauth2client oidc opamp otlp_encoding pprof redis_storage remotetap sigv4auth skywalking_encoding solarwindsapmsettings
    sumologic text_encoding zipkin_encoding zpages`,
  connector: `
    count datadog exceptions failover forward grafanacloud metrics_as_logs|metricsaslogs otlp_json|otlpjson round_robin|roundrobin
    !routing service_graph|servicegraph signal_to_metrics|signaltometrics slow_sql|slowsql span_metrics|spanmetrics sum
    spanlink`,
};

/** How much a configuration asks of a type, such as `3 targets`: the measure of what is missing while it is left out. */
const EXTENTS: Readonly<Record<string, (raw: unknown) => string | undefined>> = {
  "receiver prometheus": prometheusExtent,
  "receiver prometheus_simple": () => "1 target",
  "receiver file_log": (raw) => counted(listAt(raw, "include").length, "path"),
  "receiver host_metrics": (raw) => counted(keysOf(at(raw, "scrapers")).length, "scraper"),
};

/** Every planned type. A type that this build has is found before its row here, so a row may stay until somebody tidies up. */
export const PLANNED: readonly PlannedType[] = Object.entries(NAMES).flatMap(([kind, names]) =>
  // Entries of the table above, whose keys are the kinds.
  names
    .trim()
    .split(/\s+/)
    .map((written) => plannedType(kind as ComponentKind, written)),
);

/** Reads one word of the table above. */
function plannedType(kind: ComponentKind, written: string): PlannedType {
  const protects = written.startsWith("!");
  const [type = "", ...aliases] = written.slice(protects ? 1 : 0).split("|");
  const extent = EXTENTS[`${kind} ${type}`];
  return {
    kind,
    type,
    ...(aliases.length > 0 && { aliases }),
    ...(protects && { protects }),
    ...(extent && { extent }),
  };
}

/** Counts static targets and, apart, the ways of finding others: those are as many as there are at run time. */
function prometheusExtent(raw: unknown): string | undefined {
  const jobs = listAt(at(raw, "config"), "scrape_configs");
  const targets = jobs.flatMap((job) => listAt(job, "static_configs")).flatMap((one) => listAt(one, "targets")).length;
  const found = jobs.flatMap((job) => keysOf(job)).filter((key) => /_sd_configs$/.test(key)).length;
  const parts = [
    counted(targets, "target"),
    ...(found === 0 ? [] : [`${found} service ${found === 1 ? "discovery" : "discoveries"}`]),
  ];
  const extent = parts.filter((part) => part !== undefined).join(" and ");
  return extent === "" ? undefined : extent;
}

const counted = (number: number, what: string) =>
  number === 0 ? undefined : `${number} ${what}${number === 1 ? "" : "s"}`;

// What stands under an unknown type may be anything: each of these takes anything, and finds nothing in what does not fit.
const at = (raw: unknown, key: string): unknown => (raw instanceof Map ? raw.get(key) : undefined);

const keysOf = (raw: unknown): readonly string[] => (raw instanceof Map ? [...raw.keys()].map(String) : []);

function listAt(raw: unknown, key: string): readonly unknown[] {
  const list = at(raw, key);
  return Array.isArray(list) ? list : [];
}

/** The planned types of a kind that the list has not built in the meantime. */
export function plannedOnly(types: ComponentTypes, kind: ComponentKind): readonly PlannedType[] {
  const built = [types.receivers, types.processors, types.exporters, types.extensions].flat();
  const names = new Set(built.filter((one) => one.kind === kind).flatMap(spellings));
  return types.planned.filter((one) => one.kind === kind && !spellings(one).some((name) => names.has(name)));
}
