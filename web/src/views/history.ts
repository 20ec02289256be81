// All deployments that the journal knows, newest first.
import { get } from "../api";
import { h } from "../dom";
import type { Deployment } from "../model";
import { deploymentLink, incidentLink, phaseBadge, serviceLink, table } from "../parts";
import { clock, duration, plural, seconds } from "../words";

export const title = "History";
let filter = "";

export async function load(): Promise<Deployment[]> {
  return (await get<{ deployments: Deployment[] }>("/v1/deployments")).deployments;
}

function row(d: Deployment): HTMLElement {
  return h(
    "tr",
    { "data-key": d.id },
    h("th", { scope: "row" }, deploymentLink(d.id)),
    h("td", {}, phaseBadge(d)),
    h("td", {}, serviceLink(d.service)),
    h("td", { class: "version" }, d.version, d.rolls_back ? h("small", {}, " rolls back ", deploymentLink(d.rolls_back)) : null),
    h("td", { class: "number" }, clock(d.begun ?? d.requested, true)),
    h("td", { class: "number" }, d.ended ? duration(seconds(d.begun, d.ended)) : ""),
    h("td", {}, d.incident ? incidentLink(d.incident) : ""),
    h("td", {}, d.why),
  );
}

export function draw(all: Deployment[]): Node[] {
  const wanted = all.filter((d) => `${d.service} ${d.version} ${d.id} ${d.phase}`.toLowerCase().includes(filter.toLowerCase()));
  return [
    h("h1", {}, "History"),
    h("p", { class: "field" }, h("label", { for: "filter" }, "Only with "),
      h("input", { id: "filter", type: "search", value: filter, autocomplete: "off", placeholder: "service, version or phase", oninput: (e: Event) => {
        filter = (e.target as HTMLInputElement).value;
        document.dispatchEvent(new Event("redraw"));
      } }), h("span", { class: "quiet", role: "status" }, ` ${plural(wanted.length, "deployment")}`)),
    table("Deployments, newest first", ["id", "phase", "service", "version", "began", "lasted", "incident", "why"], wanted.map(row)),
  ];
}
