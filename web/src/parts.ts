// Pieces that several views have.
import { h } from "./dom";
import type { Deployment, Entry, Service, Step, Time } from "./model";
import { now } from "./store";
import { clock, duration, isLeftOut, phaseMark, stepMark, type Mark } from "./words";

/// The command that writes all that is known of a deployment or an incident into a file.
export function reportCommand(id: string): HTMLElement {
  return h("code", {}, `backstopctl report ${id} --format html --out ${id}.html`);
}

export function badge(mark: Mark, more = ""): HTMLElement {
  return h("span", { class: `badge ${mark.tone}` }, h("i", { "aria-hidden": "true" }, mark.sign), " ", mark.word, more);
}

export function link(to: string, ...text: (string | Node)[]): HTMLAnchorElement {
  return h("a", { href: `#/${to}` }, ...text);
}

export function deploymentLink(id: string): HTMLElement {
  return link(`deployment/${id}`, id);
}

export function incidentLink(id: string): HTMLElement {
  return link(`incident/${id}`, id);
}

export function serviceLink(key: string): HTMLElement {
  return link(`service/${key}`, key);
}

export function facts(rows: [string, (Node | string | null | false)][]): HTMLElement {
  return h("dl", {}, rows.filter(([, value]) => value).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

export function section(title: string, ...children: (Node | Node[] | string | null | false)[]): HTMLElement {
  return h("section", { "data-key": title }, h("h2", {}, title), children as Node[]);
}

/// Roles are said, as a narrow screen shows rows as blocks, and browsers then forget that it is a table.
export function table(caption: string, head: string[], rows: HTMLElement[]): HTMLElement {
  for (const row of rows) {
    row.setAttribute("role", "row");
    [...row.children].forEach((cell, i) => {
      cell.setAttribute("role", cell.tagName === "TH" ? "rowheader" : "cell");
      if (cell.tagName === "TD") cell.setAttribute("data-label", head[i] ?? "");
    });
  }
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h(
      "table",
      { role: "table" },
      h("caption", { class: "hidden" }, caption),
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head.map((title) => h("th", { scope: "col", role: "columnheader" }, title)))),
      h("tbody", { role: "rowgroup" }, rows),
    ),
  );
}

/// What a deployment does now, in one line; as backstopctl says it.
export function courseOf(service: Service, d: Deployment): string {
  const left = (to: Time) => (to ? Math.max(0, (Date.parse(to) - now()) / 1000) : 0);
  const words = [];
  if (d.phase === "deploying") words.push(`since ${clock(d.begun)}`);
  if (d.phase === "rolling_back") {
    words.push(`to ${d.previous || "nothing"}`);
    const step = runningStep(d.steps);
    if (step) words.push(`step ${step.path} ${step.name}`);
  }
  if (d.phase === "watching") {
    if (service.armed === false) words.push("warming up");
    if (d.verified_good) words.push("verified good");
    else if (service.level === "normal" && d.good_at) words.push(`good in ${duration(left(d.good_at))}`);
    if (d.bake_end) words.push(`watched for ${duration(left(d.bake_end))} more`);
  }
  const v = service.verifying;
  if (v) words.push(`good for ${duration(v.good_for_s)} of ${duration(v.wanted_s)}`);
  return words.join(", ");
}

export function runningStep(steps: Step[]): Step | undefined {
  return steps.find((s) => s.status !== "pending" && s.status !== "done" && !s.status.startsWith("failed"));
}

/// How far the watch of a deployment is; nothing while it is not watched.
export function bakeBar(d: Deployment): HTMLElement | null {
  if (d.final || !d.finished || !d.bake_end || d.phase !== "watching") return null;
  const from = Date.parse(d.finished);
  const share = Math.min(1, Math.max(0, (now() - from) / (Date.parse(d.bake_end) - from)));
  const percent = Math.floor(share * 100);
  return h(
    "span",
    { class: "bake" },
    h("progress", { max: "100", value: String(percent), "aria-label": `watch of ${d.id}` }),
    h("span", {}, `${percent}% of the bake`),
  );
}

export function phaseBadge(d: Deployment): HTMLElement {
  return badge(phaseMark(d.phase, d.final));
}

/// The steps of a procedure, in a line that breaks where there is no room.
export function stepLine(steps: Step[], label: string): HTMLElement {
  return h(
    "ol",
    { class: "steps", "aria-label": label },
    steps.map((s) => {
      const mark = stepMark(s);
      const took = s.took_s !== null ? duration(s.took_s) : s.started && s.status === "running" ? `since ${clock(s.started)}` : "";
      return h(
        "li",
        { class: mark.tone, "data-key": s.path },
        h("b", {}, h("i", { "aria-hidden": "true" }, mark.sign), " ", s.name),
        h("span", {}, [mark.word, s.attempt > 1 ? `attempt ${s.attempt}` : "", took].filter(Boolean).join(", ")),
      );
    }),
  );
}

/// What steps printed: of those that failed at once, of the others on demand.
export function stepOutputs(steps: Step[]): HTMLElement | null {
  const output = (s: Step, open: boolean) =>
    h("details", { class: "output", "data-key": s.path, open }, h("summary", {}, `${s.name}: ${s.why || "output"}`), s.output ? h("pre", { tabindex: "0" }, s.output) : null);
  const failed = steps.filter((s) => s.status.startsWith("failed") && !isLeftOut(s));
  const others = steps.filter((s) => !failed.includes(s) && s.output);
  if (failed.length + others.length === 0) return null;
  return h(
    "div",
    {},
    failed.map((s) => output(s, true)),
    others.length > 0 && h("details", {}, h("summary", {}, "What the steps printed"), others.map((s) => output(s, true))),
  );
}

/// Steps that begin and notices on their way: what a reader of the whole wants, and nobody at first.
function isDetail(e: Entry): boolean {
  return e.type === "step_intended" || e.type.startsWith("notice_");
}

/// `known`: what every line would begin with.
function entries(shown: Entry[], known: string[]): HTMLElement {
  const text = (e: Entry) => known.reduce((t, name) => (name && t.startsWith(`${name}: `) ? t.slice(name.length + 2) : t), e.text);
  return h(
    "ol",
    { class: "timeline" },
    shown.map((e) =>
      h(
        "li",
        { class: /rollback|failed|decision|locked/.test(e.type) ? "grave" : "" },
        h("time", { datetime: e.at ?? "" }, clock(e.at)),
        h("span", {}, text(e), e.actor !== "backstopd" ? h("em", {}, ` ${e.actor}`) : null),
      ),
    ),
  );
}

export function timeline(all: Entry[], known: string[]): HTMLElement {
  const main = all.filter((e) => !isDetail(e));
  return h(
    "div",
    {},
    entries(main, known),
    main.length < all.length &&
      h("details", {}, h("summary", {}, `All ${all.length} entries, with each step's begin and each notice`), entries(all, known)),
  );
}
