// All services, worst first, and what a person must look at.
import { get } from "../api";
import { h } from "../dom";
import type { Service, Status } from "../model";
import { badge, bakeBar, courseOf, deploymentLink, incidentLink, link, phaseBadge, section, serviceLink } from "../parts";
import { store, takeStatus } from "../store";
import { clock, hostTroubles, incidentMark, isWell, plural, serviceMark, standing, troubles, type Tone } from "../words";

export const title = "Overview";

export async function load(): Promise<Status> {
  const status = await get<Status>("/v1/status");
  takeStatus(status);
  return status;
}

function weight(service: Service): number {
  const mark = serviceMark(service), d = service.deployment;
  const level = mark.tone === "critical" ? 3 : mark.tone === "alert" ? 2 : mark.tone === "quiet" ? 1 : 0;
  const grave = d?.phase === "rolling_back" || troubles(service).length > 0;
  return (d && standing(d) === "awaiting_confirmation" ? 100 : 0) + (grave ? 50 : 0) + level * 10 + (d ? 5 : 0);
}

function summary(status: Status): string {
  const { services } = status;
  const bad = services.filter((s) => !isWell(s)).length;
  const host = hostTroubles(status).length;
  const words = [bad > 0 ? `${bad} to look at` : "", host > 0 ? `${plural(host, "trouble")} of the host, above` : ""].filter(Boolean);
  const well = services.length > 0 && words.length === 0 ? ["all well"] : words;
  const then = store.asOf && (store.outage === "gone" || store.outage === "behind") ? `As of ${clock(store.asOf)}: ` : "";
  return `${then}${[`${plural(services.length, "service")} watched`, ...well].join(", ")}; ${plural(status.incidents.filter((i) => i.state !== "resolved").length, "open incident")}.`;
}

/// The edge of a card: of the worst that it says.
function tone(service: Service): Tone {
  const tones = [serviceMark(service), ...troubles(service).map((t) => t.mark)].map((mark) => mark.tone);
  return tones.find((t) => t === "critical") ?? tones.find((t) => t === "alert") ?? serviceMark(service).tone;
}

function card(service: Service): HTMLElement {
  const d = service.deployment;
  const incident = store.status?.incidents.find((i) => i.service === service.service && i.state !== "resolved");
  return h(
    "li",
    { class: `card ${tone(service)}`, "data-key": service.service },
    h("h3", {}, serviceLink(service.service)),
    h("p", { class: "line" }, badge(serviceMark(service)), h("span", { class: "version" }, service.version || "version unknown"),
      service.version_good ? h("span", { class: "quiet" }, "good") : null, service.mode && service.mode !== "auto" ? h("span", { class: "quiet" }, `mode ${service.mode}`) : null),
    d
      ? h("p", { class: "line" }, deploymentLink(d.id), phaseBadge(d), h("span", { class: "version" }, d.version), h("span", {}, courseOf(service, d)))
      : h("p", { class: "quiet" }, "no deployment under way"),
    d ? bakeBar(d) : null,
    incident ? h("p", { class: "line" }, incidentLink(incident.id), badge(incidentMark(incident.state, incident.severity))) : null,
    troubles(service).map(({ mark, text }) => h("p", { class: "line", "data-key": mark.word }, badge(mark), h("span", {}, text))),
    service.requests.map((r) => h("p", { class: "line", "data-key": r.id }, deploymentLink(r.id), `${r.version} waits for its gates since ${clock(r.at)}`)),
  );
}

export function draw(status: Status): Node[] {
  const services = [...status.services].sort((a, b) => weight(b) - weight(a) || a.service.localeCompare(b.service));
  const open = status.incidents.filter((i) => i.state !== "resolved");
  const reviews = status.incidents.filter((i) => i.state === "resolved");
  return [
    h("h1", {}, "Overview"),
    h("p", { class: "lead" }, summary(status)),
    open.length > 0
      ? section("Open incidents", h("ul", { class: "plainlist" }, open.map((i) =>
          h("li", { class: "line", "data-key": i.id }, incidentLink(i.id), badge(incidentMark(i.state, i.severity)), h("span", {}, i.title)))))
      : document.createTextNode(""),
    section("Services", services.length ? h("ul", { class: "cards" }, services.map(card)) : h("p", {}, "No service is configured.")),
    reviews.length > 0
      ? section("Reviews to come", h("ul", { class: "plainlist" }, reviews.map((i) =>
          h("li", { class: "line", "data-key": i.id }, incidentLink(i.id), h("span", {}, i.title), h("span", { class: "quiet" }, i.review_due ? `by ${clock(i.review_due)}` : "")))))
      : document.createTextNode(""),
    h("p", { class: "foot" }, "What happened before: ", link("history", "history"), ", ", link("audit", "records"), ". ", h("a", { href: "/licenses.txt" }, "Licenses"), "."),
  ];
}
