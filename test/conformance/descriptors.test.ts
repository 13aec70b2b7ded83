/** proto/ against the descriptors of the official packages, where these lie beside the repository. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import protobuf from "protobufjs";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const descriptors = join(root, "../shared/conformance/descriptors");
const protos = join(root, "proto");

const FILES = {
  "otlp.json": ["trace", "metrics", "logs"].map(
    (name) => `opentelemetry/proto/collector/${name}/v1/${name}_service.proto`,
  ),
  "google-rpc.json": ["google/rpc/status.proto", "google/rpc/error_details.proto"],
  "remote-write-1.json": ["prometheus/remote.proto"],
  "remote-write-2.json": ["io/prometheus/write/v2/types.proto"],
} as const;

interface DescriptorField {
  readonly name: string;
  readonly number: number;
  readonly type: string;
  readonly repeated?: boolean;
  readonly optional?: boolean;
  readonly oneof?: string;
}

interface Descriptors {
  readonly messages: Readonly<Record<string, readonly DescriptorField[]>>;
  readonly enums?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly services?: Readonly<Record<string, Readonly<Record<string, readonly [string, string]>>>>;
}

const present = existsSync(descriptors);
if (!present)
  console.warn(`skipped: ${FILES["otlp.json"].length} services are not compared, no descriptors beside the repository`);

/** Everything that our files declare, in the descriptors' own form. */
function declared(files: readonly string[]): Required<Descriptors> {
  const found = {
    messages: {} as Record<string, DescriptorField[]>,
    enums: {} as Record<string, Record<string, number>>,
    services: {} as Record<string, Record<string, [string, string]>>,
  };
  const tree = new protobuf.Root();
  tree.resolvePath = (_origin, target) => join(protos, target);
  tree.loadSync([...files], { keepCase: true }).resolveAll();
  const name = (item: protobuf.ReflectionObject) => item.fullName.slice(1);
  const visit = (item: protobuf.ReflectionObject): void => {
    if (item instanceof protobuf.Type) {
      found.messages[name(item)] = item.fieldsArray.map((field) => ({
        name: field.name,
        number: field.id,
        type: field.resolvedType ? name(field.resolvedType) : field.type,
        ...(field.repeated ? { repeated: true } : {}),
        ...(field.options?.["proto3_optional"] ? { optional: true } : field.partOf ? { oneof: field.partOf.name } : {}),
      }));
    } else if (item instanceof protobuf.Enum) found.enums[name(item)] = { ...item.values };
    else if (item instanceof protobuf.Service) {
      found.services[name(item)] = Object.fromEntries(
        item.methodsArray.map((method) => [
          method.name,
          [name(method.resolvedRequestType ?? item), name(method.resolvedResponseType ?? item)],
        ]),
      );
    }
    if (item instanceof protobuf.Namespace) item.nestedArray.forEach(visit);
  };
  visit(tree);
  return found;
}

const byNumber = (fields: readonly DescriptorField[]) => [...fields].sort((a, b) => a.number - b.number);
const ours = (name: string) => !name.startsWith("google.protobuf.");

describe.skipIf(!present).each(Object.entries(FILES))("%s", (file, files) => {
  const official: Descriptors = present ? JSON.parse(readFileSync(join(descriptors, file), "utf8")) : { messages: {} };
  const { messages, enums, services } = declared(files);

  test.each(Object.keys(messages).filter(ours))("message %s has the official names, numbers and types", (name) => {
    expect(byNumber(messages[name] ?? [])).toEqual(byNumber(official.messages[name] ?? []));
  });

  test("enums and services are the official ones", () => {
    for (const [name, values] of Object.entries(enums).filter(([name]) => ours(name)))
      expect(values, name).toEqual(official.enums?.[name]);
    for (const [name, methods] of Object.entries(services)) expect(methods, name).toEqual(official.services?.[name]);
  });

  test("no message of the signals that we carry is missing", () => {
    const carried = (name: string) => file === "otlp.json" && !name.includes(".profiles.");
    expect(Object.keys(messages).filter(carried).sort()).toEqual(Object.keys(official.messages).filter(carried).sort());
  });
});
