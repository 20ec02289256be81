// A real shop under load with a real backstopd that watches it, in a folder of their own. Everything is ended by pid.
import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const source = join(dirname(fileURLToPath(import.meta.url)), "../..");

export class World {
  constructor(bin) {
    this.bin = bin;
    this.dir = mkdtempSync(join(tmpdir(), "backstop-page."));
    this.token = "ana-" + "0123456789abcdef".repeat(2);
    this.children = [];
  }

  run(program, ...args) {
    return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], timeout: 60_000 }).trim();
  }
  ctl(...args) {
    return this.run(join(this.bin, "backstopctl"), "--socket", join(this.dir, "run/control.sock"), ...args);
  }
  spawn(program, args, log) {
    const out = openSync(join(this.dir, "log", log), "a");
    const child = spawn(program, args, { stdio: ["ignore", out, out] });
    child.over = new Promise((done) => child.on("exit", done));
    this.children.push(child);
    return child;
  }

  /// The shop runs v1.2.2, and is measured.
  async start() {
    const example = join(source, "examples/checkout");
    const dsn = this.run(join(example, "postgres"), "start", this.dir);
    this.run(join(example, "setup"), "--bin", this.bin, "--dsn", dsn, this.dir);
    this.run(join(this.dir, "deploy"), "production", "v1.2.2");
    this.port = this.run(join(this.bin, "checkout"), "--free-port");
    this.url = `http://127.0.0.1:${this.port}`;
    writeFileSync(join(this.dir, "conf/token"), this.token + "\n", { mode: 0o600 });
    appendFileSync(
      join(this.dir, "backstop/backstop.yaml"),
      `page: {listen: "127.0.0.1:${this.port}", tokens: {ana: {token: {file: "${this.dir}/conf/token"}, roles: [owner]}}}\n` +
        `roles: {owner: "${this.run("/usr/bin/id", "-gn")}"}\n`,
    );
    const service = join(this.dir, "backstop/services.d/checkout.yaml");
    writeFileSync(service, readFileSync(service, "utf8").replace("good_for: 8s", "good_for: 3s").replace("for: 45s, good_after: 20s", "for: 90s, good_after: 10s"));
    const listen = readFileSync(join(this.dir, "conf/listen"), "utf8").trim();
    this.spawn(join(this.bin, "loadgen"), ["--url", `http://${listen}/checkout`, "--rate", "100", "--for", "10m", "--connections", "4"], "load.txt");
    await this.startDaemon();
    this.ctl("adopt", "checkout", "v1.2.2", "--reason", "first install");
  }

  async startDaemon() {
    this.daemon = this.spawn(join(this.bin, "backstopd"), ["--config", join(this.dir, "backstop/backstop.yaml")], "backstopd.log");
    await until("the daemon answers", async () => (await fetch(`${this.url}/v1/status`)).ok);
  }
  async killDaemon() {
    this.daemon.kill("SIGKILL");
    await this.daemon.over;
  }

  deploy(version, ...options) {
    const id = this.ctl("deploy", "begin", "--service", "checkout", "--version", version, ...options);
    this.run(join(this.dir, "deploy"), "production", version);
    this.ctl("deploy", "finish", id);
    return id;
  }
  /// A second service comes, and a version of it by its plan. Gives its id.
  async deployByPlan() {
    const text = readFileSync(join(source, "tests/page/site.yaml.in"), "utf8").replaceAll("@DIR@", this.dir);
    writeFileSync(join(this.dir, "backstop/services.d/site.yaml"), text);
    this.ctl("reload");
    this.ctl("adopt", "site", "v1", "--side", "blue", "--reason", "first install");
    await until("the second service is measured", () => this.status().services.find((s) => s.service === "site/test").evaluated);
    return this.ctl("deploy", "begin", "--service", "site", "--version", "v2");
  }
  /// Another version of it is signed and rolled back, which fails. Gives its id.
  async rollbackFails() {
    writeFileSync(join(this.dir, "run/disk-full"), "cannot start v2: disk full\n");
    const id = this.ctl("deploy", "begin", "--service", "site", "--version", "v3");
    await until("it waits for a signature", () => this.deployment(id).plan.phases[0].steps.some((s) => s.role && s.status === "running"));
    this.ctl("approve", id, "--role", "owner");
    await until("it is watched", () => this.deployment(id).phase === "watching");
    this.ctl("rollback", "site", "--reason", "orders are lost");
    await until("the rollback failed", () => this.status().services.find((s) => s.service === "site/test").locked);
    return id;
  }
  stopShop() {
    this.run(join(this.dir, "stop"));
  }
  status() {
    return JSON.parse(this.ctl("--json", "status"));
  }
  deployment(id) {
    return JSON.parse(this.ctl("--json", "deploy", "show", id)).deployment;
  }
  log() {
    return readFileSync(join(this.dir, "log/backstopd.log"), "utf8");
  }

  async end() {
    for (const child of this.children) if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    await Promise.all(this.children.map((child) => child.over));
    for (const [program, ...args] of [[join(this.dir, "stop")], [join(source, "examples/checkout/postgres"), "stop", this.dir]]) {
      try {
        this.run(program, ...args);
      } catch {
        // it was not started
      }
    }
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/// The bound is there for a failing test alone.
export async function until(what, holds, ms = 60_000) {
  const limit = Date.now() + ms;
  for (;;) {
    try {
      if (await holds()) return;
    } catch {
      // not yet
    }
    if (Date.now() > limit) throw new Error(`not so within ${ms / 1000} s: ${what}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}
