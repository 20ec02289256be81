// Incidents: all of them, and one with what happened in it.
import * as act from "../actions";
import { get } from "../api";
import { h } from "../dom";
import type { Incident } from "../model";
import { badge, deploymentLink, facts, incidentLink, reportCommand, section, serviceLink, table, timeline } from "../parts";
import { clock, duration, incidentMark, seconds } from "../words";

export const title = "Incidents";

export async function load(): Promise<Incident[]> {
  return (await get<{ incidents: Incident[] }>("/v1/incidents")).incidents;
}

export function draw(incidents: Incident[]): Node[] {
  return [
    h("h1", {}, "Incidents"),
    incidents.length === 0
      ? h("p", {}, "There was none.")
      : table("Incidents, newest first", ["id", "state", "service", "what", "opened", "lasted"], incidents.map((i) =>
          h("tr", { "data-key": i.id }, h("th", { scope: "row" }, incidentLink(i.id)), h("td", {}, badge(incidentMark(i.state, i.severity))), h("td", {}, serviceLink(i.service)), h("td", {}, i.title),
            h("td", { class: "number" }, clock(i.opened, true)), h("td", { class: "number" }, i.resolved ? duration(seconds(i.opened, i.resolved)) : "")))),
  ];
}

export async function loadOne(id: string): Promise<Incident> {
  return (await get<{ incident: Incident }>(`/v1/incidents/${id}`)).incident;
}

export function drawOne(i: Incident): Node[] {
  return [
    h("p", { class: "kind" }, "Incident"),
    h("h1", {}, `${i.id} `, h("span", { class: "subject" }, i.title)),
    h("p", { class: "line big" }, badge(incidentMark(i.state, i.severity)), serviceLink(i.service), i.deployment ? deploymentLink(i.deployment) : null),
    act.bar(i.state === "open" ? act.acknowledge(i.id) : null, i.state === "resolved" && !i.reviewed ? act.review(i.id) : null) ?? document.createTextNode(""),
    facts([
      ["opened", clock(i.opened, true)],
      ["acknowledged", i.acknowledged_by ? `${clock(i.acknowledged_at)} by ${i.acknowledged_by}: ${i.comment}` : "by nobody"],
      ["resolved", i.resolved ? `${clock(i.resolved, true)}, after ${duration(seconds(i.opened, i.resolved))}: ${i.how_resolved}` : null],
      ["review", i.reviewed ? `closed ${clock(i.reviewed, true)} by ${i.reviewed_by}` : i.review_due ? `due by ${clock(i.review_due, true)}` : null],
      ["why it happened", i.root_cause],
      ["what prevents it", i.prevention],
    ]),
    section("Timeline", i.timeline?.length ? timeline(i.timeline, [i.deployment, i.service]) : h("p", {}, "Nothing is recorded.")),
    h("p", { class: "foot" }, "As a file to pass on: ", reportCommand(i.id)),
  ];
}
