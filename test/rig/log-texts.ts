/** Requests of log records that say something, and what of it stands in an embedded log afterwards. */
import { RAW_TOPICS } from "@rondo/broker";
import { openEmbedded } from "@rondo/broker/embedded";
import { silentLog, systemClock } from "@rondo/core";
import { REQUEST_TYPES } from "@rondo/otlp/codec";

/** A request with one record for each text, of one service. */
export function logsRequest(texts: readonly string[], service: string): Buffer {
  const resource = { attributes: [{ key: "service.name", value: { stringValue: service } }] };
  const logRecords = texts.map((stringValue) => ({ body: { stringValue } }));
  return Buffer.from(REQUEST_TYPES.logs.encode({ resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] }).finish());
}

/** Every text that a global pattern finds in the raw logs of a directory that no process has open, or in those of one tenant. */
export async function textsInLog(directory: string, pattern: RegExp, tenant?: string): Promise<ReadonlySet<string>> {
  const broker = await openEmbedded({ directory, clock: systemClock, log: silentLog });
  const found = new Set<string>();
  for (let partition = 0; partition < (await broker.partitions(RAW_TOPICS.logs)); partition++) {
    for (let offset = 0; ; ) {
      const records = await broker.read(RAW_TOPICS.logs, partition, offset, 8 << 20);
      if (records.length === 0) break;
      for (const { headers, value } of records) {
        if (tenant !== undefined && headers["tenant"] !== tenant) continue;
        for (const [text] of Buffer.from(value).toString("latin1").matchAll(pattern)) found.add(text);
      }
      offset += records.length;
    }
  }
  await broker.close();
  return found;
}
