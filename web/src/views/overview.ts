// All services, worst first, and what a person must look at.
import { get } from "../api";
import { h } from "../dom";
import type { Service, Status } from "../model";
import { badge, bakeBar, courseOf, deploymentLink, incidentLink, link, phaseBadge, section, serviceLink } from "../parts";
import { store, takeStatus } from "../store";
import { clock, incidentMark, plural, serviceMark } from "../words";

export const title = "Overview";

export async function load(): Promise<Status> {
  const status = await get<Status>("/v1/status");
  takeStatus(status);
  return status;
}

function weight(service: Service): number {
  const mark = serviceMark(service);
  const level = mark.tone === "critical" ? 4 : mark.tone === "alert" ? 3 : mark.tone === "quiet" ? 1 : 0;
  return level + (service.deployment?.phase === "rolling_back" ? 5 : 0) + (service.locked ? 2 : 0) + (service.deployment ? 0.5 : 0);
}

function card(service: Service): HTMLElement {
  const d = service.deployment;
  const incident = store.status?.incidents.find((i) => i.service === service.service && i.state !== "resolved");
  return h(
    "li",
    { class: `card ${serviceMark(service).tone}`, "data-key": service.service },
    h("h3", {}, serviceLink(service.service)),
    h("p", { class: "line" }, badge(serviceMark(service)), h("span", { class: "version" }, service.version || "version unknown"),
      service.version_good ? h("span", { class: "quiet" }, "good") : null, service.mode && service.mode !== "auto" ? h("span", { class: "quiet" }, `mode ${service.mode}`) : null),
    d
      ? h("p", { class: "line" }, deploymentLink(d.id), phaseBadge(d), h("span", { class: "version" }, d.version), h("span", {}, courseOf(service, d)))
      : h("p", { class: "quiet" }, "no deployment under way"),
    d ? bakeBar(d) : null,
    incident ? h("p", { class: "line" }, incidentLink(incident.id), badge(incidentMark(incident.state, incident.severity))) : null,
    service.hold ? h("p", { class: "line" }, badge({ sign: "-", word: "held", tone: "alert" }), `until ${clock(service.hold.until)} by ${service.hold.by}: ${service.hold.reason}`) : null,
    service.locked ? h("p", { class: "line" }, badge({ sign: "✗", word: "LOCKED", tone: "critical" }), service.locked_why) : null,
    service.requests.map((r) => h("p", { class: "line", "data-key": r.id }, deploymentLink(r.id), `${r.version} waits for its gates since ${clock(r.at)}`)),
  );
}

export function draw(status: Status): Node[] {
  const services = [...status.services].sort((a, b) => weight(b) - weight(a) || a.service.localeCompare(b.service));
  const bad = services.filter((s) => weight(s) >= 3).length;
  const open = status.incidents.filter((i) => i.state !== "resolved");
  const reviews = status.incidents.filter((i) => i.state === "resolved");
  return [
    h("h1", {}, "Overview"),
    h("p", { class: "lead" }, `${plural(services.length, "service")} watched, ${bad === 0 ? "all well" : `${bad} not well`}; ${plural(open.length, "open incident")}.`),
    open.length > 0
      ? section("Open incidents", h("ul", { class: "plainlist" }, open.map((i) =>
          h("li", { class: "line", "data-key": i.id }, incidentLink(i.id), badge(incidentMark(i.state, i.severity)), h("span", {}, i.title)))))
      : document.createTextNode(""),
    section("Services", services.length ? h("ul", { class: "cards" }, services.map(card)) : h("p", {}, "No service is configured.")),
    reviews.length > 0
      ? section("Reviews to come", h("ul", { class: "plainlist" }, reviews.map((i) =>
          h("li", { class: "line", "data-key": i.id }, incidentLink(i.id), h("span", {}, i.title), h("span", { class: "quiet" }, i.review_due ? `by ${clock(i.review_due)}` : "")))))
      : document.createTextNode(""),
    h("p", { class: "quiet" }, "What happened before: ", link("history", "history"), ", ", link("audit", "records"), ". ", h("a", { href: "/licenses.txt" }, "Licenses"), "."),
  ];
}
