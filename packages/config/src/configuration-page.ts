/** docs/configuration.md, made of the tables that read a configuration: what is not in a table cannot be in the page. */
import { type ComponentTypes, type FieldDoc, type Fields, group } from "@rondo/core";
import { alertsFields } from "./alerts-section.ts";
import { brokerFields } from "./broker-section.ts";
import { type BuiltType, SECTION_NAMES, SECTIONS, spellings } from "./catalogue.ts";
import { plannedOnly } from "./planned.ts";
import { tenantsFields } from "./tenants-section.ts";
import { windowsFields } from "./windows-section.ts";

/** What holds for every section, said once before the tables. */
const OPENING = `# Configuration

Rondo reads OpenTelemetry Collector YAML: \`receivers\`, \`processors\`, \`exporters\`, \`extensions\` and \`service\` as you have them.
This page lists what this build knows of it, and the sections of its own. It is generated; \`rondo components\` prints the short form.

- Several \`--config\` merge in their order: maps key by key, lists and values as a whole. A path, \`file:\`, \`env:\` and \`yaml:\` are taken.
- \`--set exporters.otlp/tempo.endpoint=127.0.0.1:4317\` overrides one value; \`::\` may stand for the dots.
- \`\${env:NAME}\`, \`\${env:NAME:-default}\`, \`\${NAME}\`, \`\${file:path}\` and \`\${yaml:text}\` are replaced; \`$$\` is a dollar sign.
- Unknown keys, types and references are errors. A component that is known but not built yet is named at start and left out;
  one that holds data back, and one without which a pipeline could not run, are errors as well.
- \`--feature-gates=service.profilesSupport\` is the Collector's: without it a pipeline of \`profiles\` is an error. Profiles pass through
  as they came: a request is not joined, cut or converted; its items are its profiles, where the Collector counts samples; and a pipeline
  may have the processors \`memory_limiter\` and \`batch\`, which does nothing to them.
- \`renamed_from: otlp/tempo\` on an exporter, or \`renamed_from: traces/old\` on a pipeline, is the first name that it had: it goes on with
  that one's offsets, topic and account (docs/ledger.md). Without it a new name is a new exporter, and the old one's backlog stays.
- \`rondo validate\` shows every problem at once, with file and line; \`rondo print-config\` shows what takes effect.
`;

/** The whole page, for the components of this build. Ends with a line break. */
export function configurationPage(types: ComponentTypes): string {
  return [
    OPENING,
    "## broker\n",
    "Where batches are kept between the answer to a client and the exporters. Without this section: on this machine, under `--data`.\n",
    ...fieldTable(brokerFields),
    "## windows\n",
    "Where the newest samples are that rules are evaluated from. Without this section: on this machine, under `--data`.\n",
    ...fieldTable(windowsFields),
    "## alerts\n",
    "Prometheus rules and who is told. Without this section nothing is evaluated.\n",
    ...fieldTable(alertsFields),
    "## tenants\n",
    "What each tenant may send to one gateway. Without this section nobody is limited; when there is not enough for all, tenants share alike.\n",
    ...fieldTable(tenantsFields),
    describeComponents(types),
  ].join("\n");
}

/** Every component with its fields, by section, and the names of those to come. Markdown that ends with a line break. */
export function describeComponents(types: ComponentTypes): string {
  const lines: string[] = [];
  for (const section of SECTION_NAMES) {
    const built: readonly BuiltType[] = SECTIONS[section].built(types);
    const planned = plannedOnly(types, SECTIONS[section].kind);
    lines.push(`## ${section}\n`);
    for (const type of built) lines.push(...describeType(type));
    if (planned.length > 0) {
      lines.push(`Known and not built yet: ${planned.map((one) => `\`${one.type}\``).join(", ")}.\n`);
    }
  }
  return lines.join("\n");
}

/** Heading, summary and facts, then the fields. A line break ends each part, so that joining makes paragraphs. */
function describeType(type: BuiltType): readonly string[] {
  const [, ...aliases] = spellings(type);
  const facts = [
    ...(aliases.length === 0 ? [] : [`Also written ${aliases.map((one) => `\`${one}\``).join(", ")}.`]),
    ...(type.signals.length === 0 ? [] : [`Carries ${type.signals.join(", ")}.`]),
    ...("drops" in type && type.drops.length > 0
      ? [`May drop items as ${type.drops.map((one) => `\`${one}\``).join(", ")}.`]
      : []),
  ];
  return [`### ${type.type}\n`, `${[type.summary, ...facts].join(" ")}\n`, ...fieldTable(type.fields)];
}

/** One row for each field, those inside groups by their path. */
function fieldTable(fields: Fields): readonly string[] {
  const rows = rowsOf(group("", fields).docs, "");
  if (rows.length === 0) return ["It has no settings.\n"];
  return ["| key | value | default | meaning |\n|---|---|---|---|", ...rows, ""];
}

function rowsOf(docs: FieldDoc, path: string): readonly string[] {
  return Object.entries(docs.children ?? {}).flatMap(([key, child]) => {
    const at = key === "[]" ? `${path}[]` : path === "" ? key : `${path}.${key}`;
    const inner = rowsOf(child, at);
    // What a list or a free map holds is said by its own row, unless it has keys.
    if ((key === "[]" || key === "*") && inner.length === 0) return [];
    const fallback = child.fallback === undefined ? (child.required ? "required" : "") : `\`${child.fallback}\``;
    return [`| \`${at}\` | ${cell(child.type)} | ${cell(fallback)} | ${cell(child.doc)} |`, ...inner];
  });
}

/** A bar would end the cell, and choices are written with bars. */
const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
