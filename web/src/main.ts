// Which view the address names; when it is loaded and drawn anew; whether the daemon answers.
import { askWho, say, signIn, signOut } from "./actions";
import { follow, get, Refused, token } from "./api";
import { drawCharts, redrawCharts } from "./chart";
import { byId, fill, h } from "./dom";
import type { RecordEvent, Status } from "./model";
import { link } from "./parts";
import { keepRecord, store, takeStatus } from "./store";
import "./style.css";
import * as audit from "./views/audit";
import * as history from "./views/history";
import * as incidents from "./views/incidents";
import * as live from "./views/live";
import * as overview from "./views/overview";
import { clock, hostTroubles } from "./words";

interface View {
  title: (data: never) => string;
  load: () => Promise<unknown>;
  draw: (data: never) => Node[];
  every: number; ///< how often it is loaded anew by itself, in milliseconds: readings are no records
  ticks?: boolean; ///< it shows times that go on between two loads, and loads the status itself
}

const kLive = 2000;
const kOverview = 5000;
const kSlow = 10_000;
const kSettle = 150; // records come several at a time
const kRetry = 1000;
const kLate = 4000; ///< an answer that is not there by then: what is shown is said to be old

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
let loading: View | null = null; ///< what is on its way
let again = false;
let begun = 0; ///< when it was asked for, on the clock of performance.now()
let next: ReturnType<typeof setTimeout> | undefined;
let settling: ReturnType<typeof setTimeout> | undefined;
let following = new AbortController();

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

/// Through the control socket the rights are those of whoever opened it: there is nothing to sign in with.
function signing(): HTMLElement | null {
  if (token()) return h("button", { type: "button", onclick: () => void signOut() }, "Sign out");
  const me = store.me;
  return !me || me.may_act || me.name.startsWith("uid:") ? null : h("button", { type: "button", onclick: signIn }, "Sign in");
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
    h("p", { class: "who" }, me?.may_act || (me?.roles.length ?? 0) > 0 || token() ? h("span", {}, me?.name ?? "") : h("span", { class: "quiet" }, "read-only"), signing()),
  ]);
}

function banners(): void {
  const lines: HTMLElement[] = [];
  const line = (tone: string, text: string) => lines.push(h("p", { class: `notice ${tone}`, "data-key": text.slice(0, 20) }, text));
  const since = store.asOf ? `not updated since ${clock(store.asOf)}` : "nothing was loaded yet";
  const why = store.why ? ` (${store.why})` : "";
  if (store.outage === "gone") line("critical", `✗ No connection to the daemon, ${since}${why}. It is tried again every second.`);
  if (store.outage === "behind") line("critical", `✗ Not up to date, ${since}${why}. It is tried again by itself.`);
  if (store.outage === "late") line("alert", `▲ The daemon is slow to answer, ${since}.`);
  if (store.outage !== "gone" && store.status)
    for (const { grave, text } of hostTroubles(store.status)) line(grave ? "critical" : "alert", `${grave ? "✗" : "▲"} ${text}`);
  fill(byId("connection"), lines);
  document.body.classList.toggle("gone", store.outage === "gone" || store.outage === "behind");
}

/// An answer that says how things are now.
function current(): void {
  if (store.outage === "gone") {
    say("the daemon answers again");
    document.dispatchEvent(new Event("follow"));
  }
  store.outage = null;
  store.why = "";
  banners();
}

function outage(kind: "gone" | "behind", why: string): void {
  store.outage = kind;
  store.why = why;
  banners();
  if (data !== null) return draw(); // what was known stays, and is of then
  main.removeAttribute("aria-busy");
  fill(main, [h("h1", {}, "Not loaded yet"), h("p", {}, kind === "gone" ? "The daemon does not answer." : why), h("p", { class: "quiet" }, "It is tried again by itself.")]);
}

/// Too much at once, or a proxy or the journal that cannot answer for now: it says nothing of what was asked for.
const kForNow = new Set([429, 502, 503, 504]);

function failed(e: unknown): void {
  if (!(e instanceof Refused)) return outage("gone", e instanceof DOMException && e.name === "TimeoutError" ? "no answer" : "");
  if (kForNow.has(e.status)) return outage("behind", e.message);
  current();
  data = null;
  main.removeAttribute("aria-busy");
  fill(main, [
    h("h1", {}, e.status === 404 ? "Not there" : "Refused"),
    h("p", {}, e.message),
    h("p", { class: "quiet" }, e.how),
    e.status === 401 ? h("button", { type: "button", class: "main", onclick: signIn }, "Sign in") : link("", "Overview"),
  ]);
}

/// Every view has the banners, so every view loads the status.
async function loadWhole(wanted: View): Promise<unknown> {
  if (wanted.ticks) return wanted.load();
  const [loaded, status] = await Promise.all([wanted.load(), get<Status>("/v1/status")]);
  takeStatus(status);
  return loaded;
}

function pauseAfter(): number {
  if (again) return 0;
  if (document.hidden) return kSlow;
  if (store.outage === "gone") return kRetry;
  return store.outage === "behind" ? kOverview : (view?.every ?? kSlow);
}

async function load(): Promise<void> {
  const wanted = view;
  if (!wanted) return;
  if (loading === wanted) return void (again = true);
  clearTimeout(next);
  loading = wanted;
  begun = performance.now();
  let loaded: unknown, fault: unknown = null;
  try {
    loaded = await loadWhole(wanted);
  } catch (e) {
    fault = e ?? new Error();
  }
  if (wanted !== view) return; // another one was asked for meanwhile, and is on its way
  loading = null;
  if (fault) failed(fault);
  else {
    data = loaded;
    store.asOf = new Date(Date.now() + store.ahead);
    current();
    if (!store.me) void who();
  }
  const pause = pauseAfter();
  again = false;
  next = setTimeout(() => void load(), pause);
  if (!fault) draw();
}

/// Does not wait anew for each of many records.
function soon(): void {
  settling ??= setTimeout(() => {
    settling = undefined;
    void load();
  }, kSettle);
}

async function who(): Promise<void> {
  await askWho();
  header();
  draw();
}

const kTold = new Set(["decision_made", "rollback_started", "incident_opened", "incident_resolved", "deployment_ended", "service_locked", "confirmation_asked", "level_changed"]);

function taken(record: RecordEvent): void {
  keepRecord(record);
  if (kTold.has(record.type)) say(record.text);
  soon();
}

/// Until `event`, or until so much time has gone by.
function until(event: string, ms?: number): Promise<void> {
  return new Promise((done) => {
    const over = () => {
      document.removeEventListener(event, over);
      clearTimeout(timer);
      done();
    };
    const timer = ms === undefined ? undefined : setTimeout(over, ms);
    document.addEventListener(event, over);
  });
}

/// Follows the records while somebody looks; what came while it did not is read from the state, whole. A stream that ends
/// says nothing of the daemon: whether that answers is what the loads find out.
async function stream(): Promise<void> {
  for (let pause = kRetry; ; ) {
    if (document.hidden) {
      await until("visibilitychange");
      continue;
    }
    following = new AbortController();
    try {
      await follow(following, () => ((pause = kRetry), soon()), taken);
    } catch (e) {
      if (following.signal.aborted) pause = 0;
      else if (e instanceof Refused) pause = kSlow; // without a token, until somebody signs in
      else soon();
    }
    await until("follow", pause);
    pause = Math.min(kSlow, Math.max(kRetry, 2 * pause));
  }
}

/// The view before goes at once, with its buttons and dialogs: they are about something else.
function navigate(quietly = false): void {
  for (const dialog of document.querySelectorAll("dialog")) dialog.close();
  view = viewOf(place());
  data = null;
  again = false;
  clearTimeout(next);
  header();
  if (!view) return fill(main, [h("h1", {}, "Not there"), h("p", {}, "This page has no such view."), link("", "Overview")]);
  main.setAttribute("aria-busy", "true");
  fill(main, [h("p", { class: "quiet" }, "Loading…")]);
  if (!quietly) {
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

/// Between two loads only times move: "watched for 12s more". An answer that does not come is said before it is given up.
function tick(): void {
  if (document.hidden) return;
  if (store.outage === null && loading && performance.now() > begun + kLate) {
    store.outage = "late";
    banners();
  }
  if (store.outage === null && view?.ticks) draw();
}

/// Who looks is another one now.
function signed(): void {
  following.abort();
  document.dispatchEvent(new Event("follow"));
  if (!token()) navigate(true);
}

function seen(): void {
  if (document.hidden) return following.abort();
  void load();
}

window.addEventListener("hashchange", () => navigate());
window.addEventListener("resize", () => redrawCharts());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => redrawCharts());
document.addEventListener("visibilitychange", seen);
document.addEventListener("signed", signed);
document.addEventListener("changed", () => void changed());
document.addEventListener("redraw", () => draw());
document.querySelector(".skip")?.addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});

navigate(true);
void who();
void stream();
setInterval(tick, 1000);
