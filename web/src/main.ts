// Which view the address names; when it is loaded and drawn anew; whether the daemon answers.
import { askWho, say, signIn, signOut } from "./actions";
import { follow, Refused, token } from "./api";
import { drawCharts, redrawCharts } from "./chart";
import { byId, fill, h } from "./dom";
import type { RecordEvent } from "./model";
import { link } from "./parts";
import { keepRecord, store } from "./store";
import "./style.css";
import * as audit from "./views/audit";
import * as history from "./views/history";
import * as incidents from "./views/incidents";
import * as live from "./views/live";
import * as overview from "./views/overview";
import { clock, plural } from "./words";

interface View {
  title: (data: never) => string;
  load: () => Promise<unknown>;
  draw: (data: never) => Node[];
  every: number; ///< how often it is loaded anew by itself, in milliseconds: readings are no records
  ticks?: boolean; ///< it shows times that go on between two loads
}

const kLive = 2000;
const kOverview = 5000;
const kSlow = 10_000;
const kSettle = 150; // records come several at a time
const kRetry = 1000;

function viewOf(address: string): View | null {
  const [name = "", ...rest] = address.split("/");
  const what = rest.join("/");
  if (name === "") return { title: () => overview.title, load: overview.load, draw: overview.draw, every: kOverview, ticks: true };
  if (name === "service" && what) return { title: live.titleOf, load: () => live.loadService(what), draw: live.draw, every: kLive, ticks: true };
  if (name === "deployment" && what) return { title: live.titleOf, load: () => live.loadDeployment(what), draw: live.draw, every: kLive, ticks: true };
  if (name === "incidents") return { title: () => incidents.title, load: incidents.load, draw: incidents.draw, every: kSlow };
  if (name === "incident" && what) return { title: () => what, load: () => incidents.loadOne(what), draw: incidents.drawOne, every: kSlow };
  if (name === "history") return { title: () => history.title, load: history.load, draw: history.draw, every: kSlow };
  if (name === "audit") return { title: () => audit.title, load: audit.load, draw: audit.draw, every: kSlow };
  return null;
}

const main = byId("main");
let view: View | null = null;
let data: unknown = null;
let loading = false, again = false;
let next: ReturnType<typeof setTimeout> | undefined;

function place(): string {
  return location.hash.replace(/^#\/?/, "");
}

function draw(): void {
  if (!view || data === null) return;
  fill(main, view.draw(data as never));
  main.removeAttribute("aria-busy");
  drawCharts(main);
  document.title = `${view.title(data as never)} – backstop`;
}

function header(): void {
  const here = place().split("/")[0];
  const at = (name: string) => (here === name ? "page" : null);
  const item = (to: string, text: string, current: string | null) => {
    const a = link(to, text);
    if (current) a.setAttribute("aria-current", current);
    return h("li", {}, a);
  };
  const me = store.me;
  fill(byId("top"), [
    h("a", { class: "brand", href: "#/" }, "backstop"),
    h("nav", { "aria-label": "Views" }, h("ul", {}, item("", "Overview", at("")), item("incidents", "Incidents", at("incidents")), item("history", "History", at("history")), item("audit", "Audit", at("audit")))),
    h("p", { class: "who" },
      me?.may_act || (me?.roles.length ?? 0) > 0 || token() ? h("span", {}, me?.name ?? "") : h("span", { class: "quiet" }, "read-only"),
      token() ? h("button", { type: "button", onclick: () => void signOut() }, "Sign out") : me?.may_act ? null : h("button", { type: "button", onclick: signIn }, "Sign in")),
  ]);
}

function banners(): void {
  const status = store.status;
  const lines: HTMLElement[] = [];
  const line = (tone: string, text: string) => lines.push(h("p", { class: `notice ${tone}`, "data-key": text.slice(0, 20) }, text));
  if (store.goneSince) line("critical", `✗ No connection to the daemon since ${clock(store.goneSince.getTime())}${store.why ? ` (${store.why})` : ""}. What is shown is as of then; it is tried again every second.`);
  else if (status) {
    if (!status.acts) line("critical", `✗ OBSERVING ONLY, nothing is rolled back: ${status.degraded}`);
    if (status.shutdown) line("alert", "▲ The host goes down; no step is started.");
    if (status.config_faults.length) line("alert", `▲ The newest configuration has faults, the one before is in force: ${status.config_faults.join("; ")}`);
    if (status.undelivered_notices.length) line("alert", `▲ ${plural(status.undelivered_notices.length, "notice")} not delivered yet: ${status.undelivered_notices[0]?.channel} ${status.undelivered_notices[0]?.error}`);
  }
  fill(byId("connection"), lines);
  document.body.classList.toggle("gone", store.goneSince !== null);
}

function connected(): void {
  if (store.goneSince) say("the daemon answers again");
  store.goneSince = null;
  banners();
}

function gone(why: string): void {
  store.goneSince ??= new Date();
  store.why = why;
  banners();
}

/// No answer at all; anything else is an answer.
function isGone(e: unknown): boolean {
  return !(e instanceof Refused);
}

function failed(e: unknown): void {
  if (isGone(e)) return gone("");
  const refused = e as Refused;
  connected();
  if (refused.status === 429 || refused.status === 503) return; // comes again by itself
  data = null;
  fill(main, [
    h("h1", {}, refused.status === 404 ? "Not there" : "Refused"),
    h("p", {}, refused.message),
    h("p", { class: "quiet" }, refused.how),
    refused.status === 401 ? h("button", { type: "button", class: "main", onclick: signIn }, "Sign in") : link("", "Overview"),
  ]);
}

async function load(): Promise<void> {
  if (loading) return void (again = true);
  clearTimeout(next);
  loading = true;
  const wanted = view;
  try {
    const loaded = await wanted?.load();
    if (wanted === view) {
      data = loaded;
      connected();
      draw();
    }
  } catch (e) {
    if (wanted === view) failed(e);
  }
  loading = false;
  const soon = again || wanted !== view;
  again = false;
  next = setTimeout(() => void load(), soon ? 0 : document.hidden ? kSlow : store.goneSince ? kRetry : (view?.every ?? kSlow));
}

function soon(): void {
  clearTimeout(next);
  next = setTimeout(() => void load(), kSettle);
}

const kTold = new Set(["decision_made", "rollback_started", "incident_opened", "incident_resolved", "deployment_ended", "service_locked", "confirmation_asked", "level_changed"]);

function taken(record: RecordEvent): void {
  keepRecord(record);
  if (kTold.has(record.type)) say(record.text);
  soon();
}

/// Follows the records; what came while it did not is read from the state, whole.
async function stream(): Promise<void> {
  for (;;) {
    let pause = kRetry;
    try {
      await follow(soon, taken);
    } catch (e) {
      if (isGone(e)) {
        gone("");
        soon();
      } else {
        pause = kSlow; // without a token, until somebody signs in
      }
    }
    await new Promise((done) => {
      setTimeout(done, pause);
      document.addEventListener("changed", done, { once: true });
    });
  }
}

function navigate(first = false): void {
  view = viewOf(place());
  data = null;
  header();
  if (!view) return fill(main, [h("h1", {}, "Not there"), h("p", {}, "This page has no such view."), link("", "Overview")]);
  main.setAttribute("aria-busy", "true");
  if (!first) {
    main.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
  void load();
}

async function changed(): Promise<void> {
  header();
  draw();
  await load();
}

/// Between two loads only times move: "watched for 12s more".
function tick(): void {
  if (!store.goneSince && !document.hidden && view?.ticks) draw();
}

window.addEventListener("hashchange", () => navigate());
window.addEventListener("resize", () => redrawCharts());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => redrawCharts());
document.addEventListener("visibilitychange", () => document.hidden || void load());
document.addEventListener("changed", () => void changed());
document.addEventListener("redraw", () => draw());
document.querySelector(".skip")?.addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});

navigate(true);
void askWho().then(() => (header(), draw()));
void stream();
setInterval(tick, 1000);
