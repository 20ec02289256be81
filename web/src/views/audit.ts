// Records: those that come now, and all of one deployment.
import { get } from "../api";
import { h } from "../dom";
import type { Deployment, KeptRecord, RecordEvent } from "../model";
import { section, table } from "../parts";
import { store } from "../store";
import { clock, phaseWords, plural } from "../words";

export const title = "Audit";
let chosen = "";

export interface Audit {
  deployments: Deployment[];
  of: string;
  records: (KeptRecord & { payload: object })[];
}

export async function load(): Promise<Audit> {
  const { deployments } = await get<{ deployments: Deployment[] }>("/v1/deployments");
  const of = chosen || deployments[0]?.id || "";
  const records: Audit["records"] = [];
  for (let after: number | null = 0; of && after !== null; ) {
    const page: { records: Audit["records"]; next: number | null } = await get(`/v1/records/${of}?after=${after}`);
    records.push(...page.records);
    after = page.next;
  }
  return { deployments, of, records };
}

function seen(r: RecordEvent): HTMLElement {
  return h("tr", { "data-key": String(r.seq) }, h("th", { scope: "row", class: "number" }, String(r.seq)), h("td", { class: "number" }, clock(r.time)), h("td", {}, r.actor), h("td", {}, r.text || r.type));
}

/// Records are numbered without a hole: what is missing came while the stream was not open.
function missed(r: RecordEvent, before: RecordEvent | undefined): HTMLElement | null {
  if (!before || r.seq <= before.seq + 1) return null;
  const first = before.seq + 1, last = r.seq - 1;
  const which = first === last ? String(first) : `${first} to ${last}`;
  return h("tr", { "data-key": `missed ${which}` }, h("th", { scope: "row", class: "number" }, which), h("td", {}), h("td", {}),
    h("td", { class: "quiet" }, `${plural(last - first + 1, "record")} came while this page was not connected or not looked at`));
}

export function draw({ deployments, of, records }: Audit): Node[] {
  const choose = h(
    "select",
    { id: "of", onchange: (e: Event) => {
      chosen = (e.target as HTMLSelectElement).value;
      document.dispatchEvent(new Event("changed"));
    } },
    deployments.map((d) => h("option", { value: d.id, selected: d.id === of }, `${d.id} ${d.service} ${d.version}, ${phaseWords(d.phase)}`)),
  );
  return [
    h("h1", {}, "Audit"),
    h("p", { class: "quiet" }, "Records are never changed: each has the hash of the one before. ", h("code", {}, "backstopctl audit"), " checks the chain."),
    section(
      "Since this page was opened",
      store.records.length === 0
        ? h("p", {}, "Nothing was seen yet.")
        : table("Records since this page was opened, newest first", ["record", "time", "who", "what"], store.records.flatMap((r, i) => [seen(r), missed(r, store.records[i + 1])].filter((row) => row !== null))),
    ),
    section(
      "Of one deployment",
      deployments.length === 0
        ? h("p", {}, "There was none.")
        : h("p", { class: "field" }, h("label", { for: "of" }, "Deployment "), choose, h("span", { class: "quiet" }, ` ${plural(records.length, "record")}`)),
      records.length === 0
        ? null
        : table(`Records of ${of}`, ["record", "time", "who", "type", "what it says"], records.map((r) =>
            h("tr", { "data-key": String(r.seq) }, h("th", { scope: "row", class: "number" }, String(r.seq)), h("td", { class: "number" }, clock(r.time_us / 1000, true)), h("td", {}, r.actor), h("td", {}, r.type.replaceAll("_", " ")),
              h("td", {}, h("details", {}, h("summary", {}, "payload"), h("pre", { tabindex: "0" }, JSON.stringify(r.payload, null, 1))))))),
    ),
  ];
}
