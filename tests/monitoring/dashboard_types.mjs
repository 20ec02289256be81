#!/usr/bin/env node
// dashboard_types.mjs BUILD_DIR: packaging/grafana fits the types that Grafana publishes of its dashboards and panels; and a fault
// that is put in is found. Loads no Grafana: how it looks there is not tested.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const dashboards = join(dirname(fileURLToPath(import.meta.url)), "../../packaging/grafana");
const modules = join(resolve(process.argv[2]), "web/node_modules");
const types = "./node_modules/@grafana/schema/dist/types/raw";
/// Kinds of panels, and the folder of their types.
const panels = { stat: "stat", table: "table", timeseries: "timeseries", "state-timeline": "statetimeline", bargauge: "bargauge" };

const head = [
  `import type { Dashboard } from "${types}/dashboard/x/types.gen";`,
  ...Object.values(panels).map((p) => `import type * as ${p} from "${types}/composable/${p}/panelcfg/x/types.gen";`),
  "// What a data source adds to queries of variables and annotations: not part of the published types.",
  "type Query = { expr?: string; definition?: string; step?: string; titleFormat?: string; textFormat?: string; tagKeys?: string; useValueForTime?: boolean };",
  "// Text stands for the member of an enumeration that has it.",
  "type Written<T> = T extends boolean | null | undefined ? T : T extends string ? `${T}` : T extends number ? number : T extends (infer U)[] ? Written<U>[] : T extends object ? { [K in keyof T]: Written<T[K]> } & Query : T;",
];

function checked(dashboard, i) {
  const lines = [`const d${i}: Written<Dashboard> = ${JSON.stringify(dashboard)};`];
  const all = dashboard.panels.flatMap((p) => [p, ...(p.panels ?? [])]);
  all.forEach((p, j) => {
    if (p.type === "row") return;
    const kind = panels[p.type];
    if (!kind) throw new Error(`no types are known of panels of the kind ${p.type} (${p.title})`);
    lines.push(`const o${i}_${j}: Written<Partial<${kind}.Options>> = ${JSON.stringify(p.options ?? {})}; // ${p.title}`);
    const custom = p.fieldConfig?.defaults?.custom;
    if (custom && kind !== "table") lines.push(`const c${i}_${j}: Written<Partial<${kind}.FieldConfig>> = ${JSON.stringify(custom)}; // ${p.title}`);
  });
  return lines;
}

const work = mkdtempSync(join(tmpdir(), "dashboard-types."));
/// What is wrong, as the type checker says it; "" where all fits.
function faults(all) {
  writeFileSync(join(work, "check.ts"), [...head, ...all.flatMap(checked)].join("\n"));
  const options = ["--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"];
  try {
    execFileSync(process.execPath, [join(modules, "typescript/bin/tsc"), ...options, "check.ts"], { cwd: work });
    return "";
  } catch (error) {
    return String(error.stdout || error);
  }
}

try {
  symlinkSync(modules, join(work, "node_modules"));
  const all = readdirSync(dashboards).filter((f) => f.endsWith(".json")).map((f) => JSON.parse(readFileSync(join(dashboards, f), "utf8")));
  const found = faults(all);
  if (all.length === 0 || found) throw new Error(`the dashboards do not fit Grafana's types:\n${found || "there are none"}`);
  for (const [what, spoil] of [
    ["an unknown option", (d) => (d.panels.find((p) => p.type === "stat").options.wrong = 1)],
    ["an unknown way to draw", (d) => (d.panels.find((p) => p.type === "timeseries").fieldConfig.defaults.custom.drawStyle = "wrong")],
    ["a number for a title", (d) => (d.title = 1)],
  ]) {
    const spoiled = structuredClone(all);
    spoiled.forEach(spoil);
    if (!faults(spoiled)) throw new Error(`${what}, put in, is not found`);
  }
  console.log(`${all.length} dashboards fit the types of Grafana`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
