// One service, live; with a deployment: its plan, its rollback, and the curves around it.
import { get, Refused } from "../api";
import * as act from "../actions";
import { figures, type ChartMark } from "../chart";
import { h } from "../dom";
import type { Checklist, Decision, Deployment, Level, Readings, Rule, Service, Status } from "../model";
import { badge, bakeBar, courseOf, deploymentLink, facts, incidentLink, phaseBadge, reportCommand, section, serviceLink, stepLine, stepOutputs, table, timeline } from "../parts";
import { now, store, takeStatus } from "../store";
import { clock, duration, isBlind, kBlind, levelMark, notRolledBack, phaseWords, seconds, serviceMark, show, standing, stepMark, valueText, type Mark } from "../words";

export interface Live {
  service: Service;
  readings: Readings | null;
  deployment: Deployment | null;
  decision: Decision | null;
  checklist: Checklist | null;
}

/// Of a service that is not watched any more there are none.
async function readingsOf(key: string): Promise<Readings | null> {
  try {
    return await get<Readings>(`/v1/readings/${key}`);
  } catch (e) {
    if (e instanceof Refused && e.status === 404) return null;
    throw e;
  }
}

async function withDeployment({ deployment, service }: { deployment: Deployment; service: Service }): Promise<Live> {
  const [readings, explained, checked] = await Promise.all([
    readingsOf(deployment.service),
    deployment.decision_id ? get<{ decision: Decision | null }>(`/v1/explain/${deployment.id}`) : null,
    deployment.phase === "requested" ? get<{ checklist: Checklist | null }>(`/v1/deployments/${deployment.id}/checklist`) : null,
  ]);
  return { service, readings, deployment, decision: explained?.decision ?? null, checklist: checked?.checklist ?? null };
}

/// Of this service alone: there may be hundreds.
async function statusOf(key?: string): Promise<Status> {
  const status = await get<Status>(key ? `/v1/status?service=${encodeURIComponent(key)}` : "/v1/status");
  takeStatus(status);
  return status;
}

export async function loadDeployment(id: string): Promise<Live> {
  const found = await get<{ deployment: Deployment; service: Service }>(`/v1/deployments/${id}`);
  const [live] = await Promise.all([
    withDeployment(found),
    statusOf(found.deployment.service).catch((e: unknown) => {
      if (!(e instanceof Refused) || e.status !== 404) throw e;
      return statusOf(); // it is not watched any more
    }),
  ]);
  return live;
}

export async function loadService(key: string): Promise<Live> {
  const service = (await statusOf(key)).services[0]!;
  const d = service.deployment;
  if (d) return withDeployment(await get<{ deployment: Deployment; service: Service }>(`/v1/deployments/${d.id}`));
  return { service, readings: await readingsOf(key), deployment: null, decision: null, checklist: null };
}

function marksOf(live: Live): ChartMark[] {
  const d = live.deployment;
  if (!d) return [];
  const marks: ChartMark[] = [];
  const mark = (time: string | null | undefined, letter: string, text: string, bad = false) => {
    if (time) marks.push({ at: Date.parse(time), letter, text: `${text} ${clock(time)}`, bad });
  };
  mark(d.begun, "B", `${d.version} begins`);
  mark(d.finished, "F", "traffic on it");
  if (live.decision) mark(live.decision.at, "D", `decision: ${live.decision.decision}`, live.decision.decision === "RollBack");
  const first = d.steps.map((s) => s.started).filter((t): t is string => t !== null).sort()[0];
  mark(first, "R", "rollback begins", true);
  if (d.phase === "rolled_back_verified") mark(d.ended, "V", `${d.previous} verified`);
  return marks;
}

const kLevels: Level[] = ["normal", "alert", "critical"];

function curves(live: Live): HTMLElement {
  const { readings, deployment: d } = live;
  if (!readings || readings.t_us.length === 0) return h("p", { class: "quiet" }, "Nothing was read yet.");
  const oldest = readings.t_us[0]! / 1000;
  const over = d?.final && d.ended && Date.parse(d.ended) < oldest;
  if (over) return h("p", { class: "quiet" }, "The curves of it are gone from memory. All of its course: ", reportCommand(d.id));
  const from = d?.begun ? Math.max(oldest, Date.parse(d.begun) - 60_000) : oldest;
  const levels = new Map<string, Level>(); // the worst of all rows of an indicator
  const blind = new Set<string>();
  for (const rule of live.service.rules ?? []) {
    const { indicator, level } = rule;
    if (kLevels.indexOf(level) >= kLevels.indexOf(levels.get(indicator) ?? "normal")) levels.set(indicator, level);
    if (isBlind(rule)) blind.add(indicator);
  }
  return figures(readings, marksOf(live), from, (indicator) => {
    const level = levels.get(indicator);
    return !level ? null : level === "normal" && blind.has(indicator) ? kBlind : levelMark(level);
  });
}

function meter(rule: Rule): HTMLElement | string {
  if (rule.evidence !== null && rule.evidence_needed > 0) {
    const share = Math.max(0, Math.min(1, rule.evidence / rule.evidence_needed));
    return h("span", { class: "meter" }, h("meter", { min: "0", max: "1", value: share.toFixed(2), "aria-label": `evidence of ${rule.rule}` }), ` ${Math.round(share * 100)}%`);
  }
  return rule.needed_s > 0 ? `${duration(rule.held_s)} of ${duration(rule.needed_s)}` : "";
}

function ruleRow(rule: Rule): HTMLElement {
  const mark: Mark = isBlind(rule) ? kBlind : levelMark(rule.level);
  const more = [rule.mode !== "auto" ? rule.mode : "", rule.preexisting ? "pre-existing" : ""].filter(Boolean).join(", ");
  return h(
    "tr",
    { "data-key": rule.rule },
    h("th", { scope: "row" }, rule.rule),
    h("td", {}, badge(mark), more ? h("small", {}, ` ${more}`) : null),
    h("td", { class: "number" }, valueText(rule)),
    h("td", {}, rule.limit),
    h("td", { class: "number" }, rule.baseline === null ? "-" : show(rule.baseline, rule.unit)),
    h("td", {}, meter(rule)),
    h("td", {}, rule.health === "ok" ? "" : rule.why),
  );
}

function trafficLine(d: Deployment, t: NonNullable<Deployment["traffic"]>): string {
  if (!t.known) return `Traffic: being moved so that ${show(t.wanted, "ratio")} goes to ${t.side}; how it is now is not known yet.`;
  return `Traffic: ${show(t.share, "ratio")} to ${t.side} (${d.version}), ${show(1 - t.share, "ratio")} to ${t.other_side}, since ${clock(t.since)}.`;
}

function plan(d: Deployment): HTMLElement | null {
  if (!d.plan) return null;
  return section(
    "Plan",
    d.plan.paused ? h("p", { class: "line" }, badge({ sign: "-", word: "paused", tone: "alert" }), `by ${d.plan.paused.by}: ${d.plan.paused.why}`) : null,
    d.traffic?.since ? h("p", {}, trafficLine(d, d.traffic)) : null,
    h("ol", { class: "phases", "aria-label": "phases of the plan" }, d.plan.phases.map((p) => {
      const mark = stepMark(p);
      return h("li", { class: mark.tone, "data-key": p.name },
        h("p", {}, badge(mark), " ", h("b", {}, p.name), p.took_s !== null ? h("span", { class: "quiet" }, ` ${duration(p.took_s)}`) : null),
        stepLine(p.steps, `steps of ${p.name}`));
    })),
    stepOutputs(d.plan.phases.flatMap((p) => p.steps)),
  );
}

function rollback(d: Deployment): HTMLElement | null {
  if (d.steps.every((s) => s.status === "pending") || d.steps.length === 0) return null;
  return section("Rollback", d.rollback ? h("p", {}, "As deployment ", deploymentLink(d.rollback), ".") : null, stepLine(d.steps, "steps of the rollback"), stepOutputs(d.steps));
}

function decided(live: Live): HTMLElement | null {
  const { decision: e, deployment: d } = live;
  if (!e) return null;
  const asked = e.status === "awaiting_confirmation";
  const stands = !asked ? e.status.replaceAll("_", " ") : d && !isAsked(d) ? "a person was asked" : "a person is asked"; // the timeline has the answer
  return section(
    `Decision ${e.id}`,
    h("p", { class: "line" }, badge(e.decision === "RollBack" ? { sign: "✗", word: e.decision, tone: "critical" } : { sign: "✓", word: e.decision, tone: "plain" }), h("span", {}, `${stands}, ${clock(e.at)}`)),
    h("p", {}, e.why),
    e.because && !asked ? h("p", { class: "quiet" }, e.because) : null,
    table("What it rests on", ["rule", "level", "value", "limit", "baseline", "requests"], e.evidence.filter((v) => v.level !== "normal" || e.rules.includes(v.rule)).map((v) =>
      h("tr", { "data-key": v.rule }, h("th", { scope: "row" }, v.rule), h("td", {}, badge(levelMark(v.level))), h("td", { class: "number" }, valueText(v)), h("td", {}, v.limit),
        h("td", { class: "number" }, v.baseline === null ? "-" : show(v.baseline, v.unit ?? "count")), h("td", { class: "number" }, v.requests > 0 ? String(Math.round(v.requests)) : "")))),
  );
}

function gates(d: Deployment, checklist: Checklist | null): HTMLElement | null {
  if (!checklist) return null;
  return section(
    "What must be given before it begins",
    checklist.missing.length ? h("p", {}, `Missing: ${checklist.missing.join("; ")}`) : h("p", {}, "Nothing is missing."),
    h("ul", { class: "plainlist" },
      checklist.items.map((i) => h("li", { class: "line", "data-key": i.name }, badge(i.given ? { sign: "✓", word: "given", tone: "good" } : i.failed ? { sign: "✗", word: "failed", tone: "critical" } : { sign: "·", word: "open", tone: "quiet" }), h("span", {}, i.title || i.name), h("span", { class: "quiet" }, i.by || i.why))),
      checklist.approvals.map((a) => h("li", { class: "line", "data-key": `role ${a.role}` }, badge(a.by ? { sign: "✓", word: "signed", tone: "good" } : { sign: "·", word: "open", tone: "quiet" }), h("span", {}, a.title || a.role), h("span", { class: "quiet" }, a.by)))),
    d.phase !== "requested" ? null : act.bar(...checklist.approvals.filter((a) => !a.by).map((a) => act.approve(d.id, a.role, true))),
  );
}

/// Whether a person is to say if it is rolled back.
function isAsked(d: Deployment): boolean {
  return d.confirm_until !== null && standing(d) === "awaiting_confirmation";
}

/// It was decided, and is not done.
function isLeft(d: Deployment): boolean {
  return !isAsked(d) && !["", "enforced"].includes(standing(d));
}

function actions(live: Live): HTMLElement | null {
  const { service, deployment: d } = live;
  const asked = d && isAsked(d) ? act.confirm(d.id, d.previous) : [];
  const waits = d?.phase === "deploying" ? (d.plan?.phases.flatMap((p) => p.steps).filter((s) => s.role && s.status === "running") ?? []) : [];
  const roll = d && !d.final && d.phase !== "rolling_back" && d.phase !== "requested" && d.previous ? act.rollBack(d) : null;
  return act.bar(
    ...asked,
    ...(d ? waits.map((s) => act.approve(d.id, s.role!, false)) : []),
    roll,
    service.hold ? act.unhold(service.service, service.hold.all) : d?.final ? null : act.hold(service.service),
  );
}

function head(live: Live): Node[] {
  const { service, deployment: d } = live;
  const incident = d?.incident ? store.status?.incidents.find((i) => i.id === d.incident) : undefined;
  const nodes: (Node | null)[] = [
    h("p", { class: "kind" }, d ? "Deployment" : "Service"),
    h("h1", {}, d ? `${d.id} ` : "", d ? h("span", { class: "version" }, d.version) : service.service),
    h("p", { class: "line big" }, d ? serviceLink(d.service) : null, d ? phaseBadge(d) : badge(serviceMark(service)), d && !d.final ? badge(serviceMark(service)) : null,
      d ? h("span", {}, d.final ? "" : courseOf(service, d)) : h("span", { class: "version" }, service.version || "version unknown")),
    d ? bakeBar(d) : null,
    d?.why ? h("p", {}, d.why) : null,
    d && isAsked(d)
      ? h("p", { class: "notice alert" }, `A person is asked: roll back to ${d.previous}? ${d.decision_why}. Until ${clock(d.confirm_until)} (${duration(seconds(new Date(now()).toISOString(), d.confirm_until))}).`)
      : null,
    d && isLeft(d) ? h("p", { class: "notice critical" }, `NOT rolled back: ${notRolledBack(d)}.`) : null,
    service.hold ? h("p", { class: "notice alert" }, `Held until ${clock(service.hold.until)} by ${service.hold.by}: ${service.hold.reason}`) : null,
    service.locked ? h("p", { class: "notice critical" }, `LOCKED: ${service.locked_why}. The ways out: `, h("code", {}, `backstopctl status ${service.service}`)) : null,
    actions(live),
    facts(
      d
        ? [
            ["before it", d.previous],
            ["began", d.begun ? `${clock(d.begun, true)} by ${d.began_by}` : null],
            ["traffic on it", d.finished ? clock(d.finished) : null],
            ["ended", d.ended ? `${clock(d.ended, true)}, after ${duration(seconds(d.begun, d.ended))}` : null],
            ["incident", d.incident ? h("span", {}, incidentLink(d.incident), incident ? ` ${incident.state}` : "") : null],
            ["rolls back", d.rolls_back ? deploymentLink(d.rolls_back) : null],
            ["kind", `${d.type}${d.irreversible ? ", irreversible" : ""}, mode ${d.mode}`],
            ["signals", d.signals.join("; ")],
          ]
        : [
            ["goes back to", service.rollback_target || "nothing: no other version is known to be good"],
            ["mode", service.mode ?? ""],
          ],
    ),
  ];
  return nodes.filter((n): n is Node => n !== null);
}

function sources(service: Service): HTMLElement | null {
  const down = (service.sources ?? []).filter((s) => !s.up);
  if (down.length === 0) return null;
  return section("Sources that are DOWN", h("ul", {}, down.map((s) => h("li", {}, `${s.source} ${s.target}: ${s.why || "not read yet"}${s.last_ok ? `; last read ${clock(s.last_ok)}` : ""}`))));
}

export function titleOf(live: Live): string {
  const d = live.deployment;
  return d ? `${d.id} ${d.version} ${phaseWords(d.phase)}` : `${live.service.service} ${serviceMark(live.service).word}`;
}

export function draw(live: Live): Node[] {
  const { service, deployment: d } = live;
  const parts: (Node | null)[] = [
    ...head(live),
    d ? gates(d, live.checklist) : null,
    d ? plan(d) : null,
    d ? rollback(d) : null,
    section("Indicators", curves(live)),
    service.rules?.length ? section(d?.final ? "Rules, as they are now" : "Rules", table("Rules", ["rule", "level", "value", "limit", "baseline", "held or evidence", "remark"], service.rules.map(ruleRow))) : null,
    sources(service),
    decided(live),
    d?.timeline?.length ? section("Timeline", timeline(d.timeline, [d.id, d.service])) : null,
  ];
  return parts.filter((n): n is Node => n !== null);
}
