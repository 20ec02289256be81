// run.mjs BUILD BROWSER [PICTURES]: the page in a real browser, in one story. Ends with 0 when all of it went as it should.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { until, World } from "./world.mjs";

const [build, browserPath, pictures] = process.argv.slice(2);
const load = createRequire(join(build, "web/package.json"));
const { chromium } = load("playwright-core");
const axe = load("axe-core").source;

const world = new World(join(build, "bin"));
const faults = [];
const started = Date.now();
const say = (text) => console.log(`${((Date.now() - started) / 1000).toFixed(1).padStart(6)}s  ${text}`);

/// A page that says what it should not: errors, requests to elsewhere, breaches of its own policy.
async function open(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, colorScheme: "light", ...options });
  const page = await context.newPage();
  page.on("pageerror", (error) => faults.push(`error in the page: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && !page.mayLose) faults.push(`in the console: ${message.text()}`);
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(world.url)) faults.push(`asks elsewhere: ${request.url()}`);
  });
  page.setDefaultTimeout(30_000);
  return page;
}

async function picture(page, name, options = {}) {
  if (!pictures) return;
  await page.evaluate(() => document.getElementById("said").replaceChildren());
  await page.screenshot({ path: join(pictures, `${name}.png`), ...options });
}

async function isAccessible(page, view) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
    const serious = violations.filter((v) => v.impact === "serious" || v.impact === "critical");
    assert.deepEqual(serious.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`), [], `${view}, ${colorScheme}`);
    const rest = violations.filter((v) => !serious.includes(v)).map((v) => `${v.id} (${v.impact})`);
    if (rest.length) say(`  axe, ${view}, ${colorScheme}: ${rest.join(", ")}`);
  }
  await page.emulateMedia({ colorScheme: "light" });
}

async function overview(browser) {
  const page = await open(browser);
  await page.addInitScript(() => {
    new MutationObserver((_, self) => {
      if (!document.querySelector(".card")) return;
      window.firstData = performance.now();
      self.disconnect();
    }).observe(document, { childList: true, subtree: true });
  });
  let bytes = 0;
  page.on("response", async (response) => {
    if (!response.url().includes("/v1/")) bytes += Number(response.headers()["content-length"] ?? 0);
  });
  await page.goto(world.url);
  await page.locator(".card", { hasText: "checkout/production" }).waitFor();
  const first = Math.round(await page.evaluate(() => window.firstData));
  const files = bytes;
  assert.ok(files > 0 && files <= 150 * 1024, `${files} bytes`);
  const times = [];
  for (let i = 0; i < 5; ++i) {
    await page.reload();
    await page.locator(".card").waitFor();
    times.push(Math.round(await page.evaluate(() => window.firstData)));
  }
  say(`${files} bytes of files; first data in a new browser after ${first} ms, of five loads more after ${times.sort((a, b) => a - b).join(", ")} ms`);
  await page.locator(".card .badge.good").waitFor();
  assert.match(await page.locator(".card").innerText(), /● normal[\s\S]*v1\.2\.2/);
  assert.equal(await page.locator("header .who").innerText(), "read-only\nSign in");
  assert.equal(await page.locator(".actions").count(), 0, "nobody acts without a token");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "To the content");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  return page;
}

const seen = (page, text) => page.locator("main", { hasText: text }).waitFor();

/// A bad version that a person is asked about. Gives its id.
async function badVersionIsSeen(page) {
  const id = world.deploy("v1.2.3", "--mode", "confirm");
  await page.locator(".card", { hasText: id }).waitFor();
  await page.evaluate(() => (window.sameDocument = true));
  await page.locator(".card", { hasText: id }).getByRole("link", { name: id }).click();
  await seen(page, "v1.2.3 begins");
  await page.locator(".u-over").first().waitFor();
  await picture(page, "watching", { fullPage: true });
  await seen(page, "A person is asked: roll back to v1.2.2?");
  await isAccessible(page, "deployment with curves");
  assert.equal(await page.locator(".actions").count(), 0, "nobody acts without a token");
  say(`${id} was seen to be bad`);
  return id;
}

async function acknowledgedByClick(page) {
  await page.getByRole("link", { name: "I1" }).first().click();
  await page.getByRole("heading", { level: 1, name: /I1/ }).waitFor();
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByLabel("Token").fill("wrong-0123456789abcdef");
  page.mayLose = true; // the browser says in its console that it was refused
  await page.keyboard.press("Enter");
  await page.locator(".fault", { hasText: "is not known" }).waitFor();
  page.mayLose = false;
  await page.getByLabel("Token").fill(world.token);
  await page.keyboard.press("Enter");
  await page.locator("header .who", { hasText: "token:ana" }).waitFor();
  await page.getByRole("button", { name: "Acknowledge" }).click();
  await page.getByLabel("What you are doing").fill("looking at the orders table");
  await isAccessible(page, "dialog");
  await picture(page, "dialog");
  await page.getByRole("dialog").getByRole("button", { name: "Acknowledge" }).click();
  await seen(page, "by token:ana: looking at the orders table");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  const incident = JSON.parse(world.ctl("--json", "incident", "show", "I1")).incident;
  assert.equal(incident.acknowledged_by, "token:ana");
  say("I1 was acknowledged by click");
}

async function rollbackIsSeen(page, id) {
  await page.getByRole("link", { name: id }).first().click();
  await page.getByRole("button", { name: "Confirm the rollback" }).click();
  await page.getByLabel("Why").fill("a fifth of the orders fails");
  await page.keyboard.press("Enter");
  await seen(page, "rolling back");
  await page.locator(".steps .active").first().waitFor();
  await picture(page, "rolling-back", { fullPage: true });
  await seen(page, "rolled back, verified");
  await page.locator(".steps li.good", { hasText: "verify" }).first().waitFor();
  assert.match(await page.locator(".marks").innerText(), /decision: RollBack/);
  assert.ok(await page.evaluate(() => window.sameDocument), "seen without loading the page anew");
  assert.match(await page.title(), /rolled back, verified/);
  const records = world.deployment(id).timeline;
  assert.ok(records.some((r) => r.type === "confirmation_answered" && r.actor === "token:ana"), JSON.stringify(records));
  say(`the rollback of ${id} was seen`);
  await picture(page, "rolled-back");
  await page.setViewportSize({ width: 390, height: 720 });
  await page.emulateMedia({ colorScheme: "dark" });
  await page.locator(".marks").scrollIntoViewIfNeeded();
  await picture(page, "rolled-back-phone");
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1200, height: 900 });
}

async function heldAndReleased(page) {
  await page.goto(`${world.url}/#/service/checkout/production`);
  await page.getByRole("button", { name: "Hold" }).click();
  await page.getByLabel("Why").fill("<img src=x onerror=alert(1)> inventory night");
  await page.getByRole("dialog").getByRole("button", { name: "Hold" }).click();
  await page.locator(".notice", { hasText: "by token:ana: <img src=x onerror=alert(1)> inventory night" }).waitFor();
  assert.equal(await page.locator("main img").count(), 0, "what others write is text");
  await page.getByRole("button", { name: "End the hold" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "End the hold" }).click();
  await page.locator(".notice", { hasText: "inventory night" }).waitFor({ state: "detached" });
  say("a hold was set and ended");
}

async function gapIsSaid(page) {
  await page.goto(`${world.url}/#/`);
  await page.locator(".card").waitFor();
  page.mayLose = true; // Chromium says in its console that the connection was refused
  await world.killDaemon();
  await page.locator("#connection", { hasText: /No connection to the daemon, not updated since \d\d:\d\d:\d\dZ/ }).waitFor();
  assert.ok(await page.locator(".card").isVisible(), "what was known is still shown");
  await isAccessible(page, "no connection");
  await picture(page, "gone");
  await world.startDaemon();
  await page.locator("#connection", { hasText: "No connection" }).waitFor({ state: "detached" });
  page.mayLose = false;
  world.ctl("hold", "checkout", "--for", "1m", "--reason", "told after the gap");
  await page.locator(".card", { hasText: "told after the gap" }).waitFor();
  world.ctl("unhold", "checkout");
  await page.getByRole("link", { name: "Audit" }).click();
  await seen(page, "came while this page was not connected or not looked at");
  await picture(page, "audit-gap");
  say("a daemon that was gone was said to be, and is followed again");
}

async function oldStateIsSaid(page) {
  await page.goto(`${world.url}/#/`);
  await page.locator(".card").waitFor();
  page.mayLose = true;
  const busy = "**/v1/status";
  await page.route(busy, (route) => route.fulfill({ status: 503, contentType: "text/plain", body: "too many connections\n" }));
  await page.locator("#connection", { hasText: /Not up to date, not updated since \d\d:\d\d:\d\dZ \(too many connections\)/ }).waitFor();
  assert.ok(await page.locator(".card").isVisible(), "what was known is still shown");
  await picture(page, "behind");
  await page.reload();
  await page.getByRole("heading", { name: "Not loaded yet" }).waitFor();
  await page.unroute(busy);
  await page.locator("#connection", { hasText: "Not up to date" }).waitFor({ state: "detached" });
  page.mayLose = false;
  assert.doesNotMatch(await page.locator("#said").innerText(), /answers again/);
  say("a daemon that cannot say how things are was said to be, and nothing was lost of what was known");
}

/// A plan that waits for a signature, given by click; and an order to roll back that is about what is over.
async function planIsApproved(page) {
  const id = await world.deployByPlan();
  kViews.plan = `deployment/${id}`;
  await page.goto(`${world.url}/#/deployment/${id}`);
  await page.locator(".phases .active", { hasText: "preparation" }).waitFor();
  const missing = page.locator(".steps li", { hasText: /missing\s*failed, continued/ });
  await missing.waitFor();
  assert.equal(await missing.getAttribute("class"), "quiet", "it is left out, no failure of the plan");
  await page.getByRole("button", { name: "Approve as owner" }).click();
  await page.getByLabel("Comment").fill("go on");
  await picture(page, "plan-dialog");
  await page.getByRole("dialog").getByRole("button", { name: "Approve as owner" }).click();
  await page.locator(".phases > .good", { hasText: "preparation" }).waitFor();
  await page.locator(".phases > .active", { hasText: "production" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Approve" }).count(), 0, "nothing is left to sign");
  await picture(page, "plan", { fullPage: true });
  await seen(page, /Traffic: 100% to green \(v2\), 0% to blue/);
  await page.locator(".phases > .good", { hasText: "production" }).waitFor();
  await page.locator(".line.big", { hasText: "watching" }).waitFor();
  assert.ok(world.deployment(id).timeline.some((r) => r.actor === "token:ana"));
  say(`${id} went through its plan, approved by click`);
  await page.getByRole("button", { name: "Roll back" }).click();
  await page.getByLabel("Why").fill("too late");
  world.ctl("accept", "site", "--reason", "it is good");
  await page.getByRole("dialog").getByRole("button", { name: "Roll back" }).click();
  await page.locator(".fault", { hasText: "Nothing was sent: no deployment of site/test is under way any more." }).waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
  assert.equal(world.deployment(id).rollback, "");
  say("a rollback of what is over was not sent");
}

/// A service that is LOCKED, one that cannot be read, and one deployment of several.
async function troubleIsSaid(page) {
  const id = await world.rollbackFails();
  kViews.locked = `deployment/${id}`;
  await page.goto(`${world.url}/#/`);
  const card = page.locator(".card", { hasText: "site/test" });
  await card.locator(".badge.critical", { hasText: "LOCKED" }).waitFor();
  await card.getByText("cannot start v2: disk full").or(card.getByText("rollback failed")).first().waitFor();
  const shop = page.locator(".card", { hasText: "checkout/production" });
  world.stopShop();
  await shop.locator(".badge.critical", { hasText: "BLIND" }).waitFor();
  await shop.locator(".badge.critical", { hasText: "DOWN" }).waitFor();
  assert.match(await shop.innerText(), /app http:\S+\/metrics: connection refused/);
  assert.match(await page.locator("main").innerText(), /2 services watched, 2 to look at/);
  await isAccessible(page, "overview with troubles");
  await picture(page, "troubles", { fullPage: true });
  await shop.getByRole("link", { name: "checkout/production" }).click();
  await page.locator("figure h3 .value.critical", { hasText: "no reading" }).first().waitFor(); // not "normal" of what nobody reads
  await page.getByRole("link", { name: "History", exact: true }).click();
  await page.locator("tbody tr").nth(3).waitFor();
  await page.getByLabel("Only with").fill("site");
  await page.locator("tbody tr", { hasText: "checkout" }).first().waitFor({ state: "detached" });
  assert.equal(await page.locator("tbody tr").count(), await page.locator("tbody tr", { hasText: "site/test" }).count());
  say("LOCKED, BLIND and DOWN were said");
}

/// The stream ends while nobody looks; what came meanwhile is there once somebody does.
async function hiddenTabRests(page) {
  await page.goto(`${world.url}/#/`);
  await page.locator(".card").first().waitFor();
  const look = (hidden) => page.evaluate((h) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => h });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
  const ended = page.waitForEvent("requestfailed", (request) => request.url().includes("/v1/events"));
  await look(true);
  await ended;
  world.ctl("hold", "checkout", "--for", "1m", "--reason", "while nobody looked");
  await look(false);
  await page.locator(".card", { hasText: "while nobody looked" }).waitFor();
  world.ctl("unhold", "checkout");
  await page.locator(".card", { hasText: "while nobody looked" }).waitFor({ state: "detached" });
  say("a page that nobody looks at rests, and catches up");
}

const kViews = { overview: "", deployment: "deployment/D1", service: "service/checkout/production", incidents: "incidents", incident: "incident/I1", history: "history", audit: "audit" };

async function everywhere(page, browser) {
  for (const [name, place] of Object.entries(kViews)) {
    await page.goto(`${world.url}/#/${place}`);
    await page.locator("main:not([aria-busy]) h1").waitFor();
    await isAccessible(page, name);
    await picture(page, `${name}-light`, { fullPage: true });
    await page.emulateMedia({ colorScheme: "dark" });
    await picture(page, `${name}-dark`, { fullPage: true });
    await page.emulateMedia({ colorScheme: "light" });
  }
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.locator("header .who", { hasText: "read-only" }).waitFor();
  await page.getByRole("link", { name: "Audit" }).click();
  await seen(page, "Nothing was seen yet."); // records that came with a token went with it
  say("axe-core has no serious finding in any view");
  const phone = await open(browser, { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true });
  for (const [name, place] of Object.entries(kViews)) {
    await phone.goto(`${world.url}/#/${place}`);
    await phone.locator("main:not([aria-busy]) h1").waitFor();
    const [is, may] = await phone.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(is <= may, `${name} is ${is} wide on a phone of ${may}`);
    await picture(phone, `${name}-phone`, { fullPage: true });
  }
  say("every view fits a phone");
}

let code = 1, browser;
try {
  await world.start();
  say("the shop and the daemon run");
  browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox", "--disable-gpu"] });
  const page = await overview(browser);
  await until("enough was measured for a baseline", () => fetch(`${world.url}/v1/readings/checkout`).then((r) => r.json()).then((r) => r.t_us.length >= 14));
  const id = await badVersionIsSeen(page);
  assert.equal(id, "D1");
  await acknowledgedByClick(page);
  await rollbackIsSeen(page, id);
  await heldAndReleased(page);
  await gapIsSaid(page);
  await oldStateIsSaid(page);
  await hiddenTabRests(page);
  await planIsApproved(page);
  await troubleIsSaid(page);
  await everywhere(page, browser);
  assert.deepEqual(faults, []);
  code = 0;
} catch (error) {
  console.error(error);
  console.error("faults:", faults);
  console.error(world.log().split("\n").slice(-25).join("\n"));
  for (const [i, page] of (browser?.contexts() ?? []).flatMap((c) => c.pages()).entries()) {
    console.error(await page.locator("body").innerText().catch(() => ""));
    await picture(page, `failed-${i}`).catch(() => {});
  }
} finally {
  await browser?.close();
  await world.end();
}
say(code === 0 ? "all as it should be" : "FAILED");
process.exit(code);
