// Words, signs and numbers: the same as backstopctl and the reports have. A colour only repeats what they say.
import type { Deployment, Level, Rule, Service, Status, Step, Time, Unit } from "./model";

export type Tone = "good" | "alert" | "critical" | "quiet" | "plain" | "active";

export interface Mark {
  sign: string;
  word: string;
  tone: Tone;
}

export function levelMark(level: Level): Mark {
  switch (level) {
    case "normal":
      return { sign: "●", word: "normal", tone: "good" };
    case "alert":
      return { sign: "▲", word: "alert", tone: "alert" };
    case "critical":
      return { sign: "✗", word: "critical", tone: "critical" };
  }
}

/// A rule that may act cannot be judged.
export function isBlind(rule: Rule): boolean {
  return rule.mode !== "observe" && rule.health !== "ok" && rule.health !== "insufficient";
}

export const kBlind: Mark = { sign: "?", word: "BLIND", tone: "critical" };

/// What is known to be bad comes before what cannot be seen, as on backstopctl's screen.
export function serviceMark(service: Service): Mark {
  if (!service.evaluated || !service.level) return { sign: "○", word: "not measured yet", tone: "quiet" };
  if (service.level === "normal" && service.rules?.some(isBlind)) return kBlind;
  return levelMark(service.level);
}

/// How a decision to roll back stands, while it is not being done: "awaiting_confirmation", "held", ...; "" where there is none.
export function standing(d: Deployment): string {
  if (d.decision !== "RollBack" || (d.phase !== "deploying" && d.phase !== "watching")) return "";
  return d.decision_status.split(":")[0]!;
}

/// Why nobody rolls back, where that was decided.
export function notRolledBack(d: Deployment): string {
  const colon = d.decision_status.indexOf(":");
  const because = standing(d) === "held" ? "it is held" : colon < 0 ? standing(d).replaceAll("_", " ") : d.decision_status.slice(colon + 1).trim();
  return `${because}; critical: ${d.decision_why}`;
}

/// What a person must look at, beside the level; what has no text says it by its mark. As `troubles_of` of backstopctl's screen.
export function troubles(service: Service): { mark: Mark; text: string }[] {
  const found: { mark: Mark; text: string }[] = [];
  const add = (sign: string, word: string, tone: Tone, text: string) => found.push({ mark: { sign, word, tone }, text });
  const d = service.deployment;
  const stands = d ? standing(d) : "";
  if (service.locked) add("✗", "LOCKED", "critical", service.locked_why);
  else if (d && stands === "awaiting_confirmation") add("?", "ROLL BACK?", "critical", `${d.decision_why}; a person is asked until ${clock(d.confirm_until)}`);
  else if (d && stands && stands !== "enforced") add("✗", "NOT rolled back", "critical", notRolledBack(d));
  if (service.hold) add("-", "held", "alert", `until ${clock(service.hold.until)} by ${service.hold.by}: ${service.hold.reason}`);
  if (d?.plan?.paused && d.phase === "deploying") add("-", "paused", "alert", `by ${d.plan.paused.by}: ${d.plan.paused.why}`);
  if (service.rules?.some(isBlind) && serviceMark(service) !== kBlind) found.push({ mark: kBlind, text: "" });
  const down = (service.sources ?? []).filter((s) => !s.up && s.why);
  if (down[0]) add("✗", `${plural(down.length, "source")} DOWN`, "critical", `${down[0].source} ${down[0].target}: ${down[0].why}`);
  return found;
}

export function isWell(service: Service): boolean {
  return serviceMark(service).tone === "good" && troubles(service).length === 0 && service.deployment?.phase !== "rolling_back";
}

/// What concerns the host and not one service.
export function hostTroubles(status: Status): { grave: boolean; text: string }[] {
  const found: { grave: boolean; text: string }[] = [];
  const add = (grave: boolean, text: string) => found.push({ grave, text });
  if (!status.acts) add(true, `OBSERVING ONLY, nothing is rolled back: ${status.degraded}`);
  if (status.config_faults.length) add(true, `The newest configuration has faults, the one before is in force: ${status.config_faults.join("; ")}`);
  if (status.shutdown) add(true, "The host goes down; no step is started.");
  const pings = status.deadman;
  if (pings && !pings.well) add(true, pings.silent ? `Dead-man pings are not sent: ${pings.silent}` : `Dead-man pings are not taken: ${pings.error}`);
  const queued = status.undelivered_notices;
  if (queued[0]) add(false, `${plural(queued.length, "notice")} not delivered yet, to ${queued[0].channel}${queued[0].error ? `: ${queued[0].error}` : ""}`);
  if (status.dead_letters > 0) add(false, `${plural(status.dead_letters, "notice")} given up: nobody got ${status.dead_letters === 1 ? "it" : "them"} on that channel.`);
  return found;
}

export function phaseWords(phase: string): string {
  return phase === "rolled_back_verified" ? "rolled back, verified" : phase.replaceAll("_", " ");
}

export function phaseMark(phase: string, final: boolean): Mark {
  const word = phaseWords(phase);
  if (phase === "succeeded") return { sign: "✓", word: "kept", tone: "good" };
  if (phase === "rolling_back") return { sign: "▶", word, tone: "critical" };
  if (phase === "rolled_back_verified") return { sign: "✗", word, tone: "critical" };
  if (phase === "rollback_failed" || phase === "undecided") return { sign: "✗", word, tone: "critical" };
  if (final) return { sign: "-", word, tone: "quiet" };
  return { sign: "▶", word, tone: "active" };
}

/// It failed, or was skipped, and what comes after it goes on.
export function isLeftOut(step: Pick<Step, "status">): boolean {
  return step.status.startsWith("failed, continued");
}

export function stepMark(step: Pick<Step, "status">): Mark {
  const word = step.status.replaceAll("_", " ");
  if (step.status === "done") return { sign: "✓", word, tone: "good" };
  if (isLeftOut(step)) return { sign: "-", word, tone: "quiet" };
  if (step.status.startsWith("failed")) return { sign: "✗", word, tone: "critical" };
  if (step.status === "pending") return { sign: "·", word, tone: "quiet" };
  return { sign: "▶", word, tone: "active" };
}

export function incidentMark(state: string, severity: string): Mark {
  if (state === "resolved") return { sign: "✓", word: "resolved", tone: "good" };
  if (state === "acknowledged") return { sign: "▲", word: "acknowledged", tone: "alert" };
  return severity === "critical"
    ? { sign: "✗", word: "open, critical", tone: "critical" }
    : { sign: "▲", word: "open", tone: "alert" };
}

/// Four significant digits and every digit before the point, no trailing zeros.
function digits(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const whole = Math.abs(value) >= 1 ? Math.floor(Math.log10(Math.abs(value))) + 1 : 1;
  const text = whole >= 4 ? value.toFixed(0) : value.toPrecision(4);
  return String(Number(text));
}

export function show(value: number, unit: Unit): string {
  const size = Math.abs(value);
  switch (unit) {
    case "ratio":
      return digits(value * 100) + "%";
    case "percent":
      return digits(value) + "%";
    case "seconds":
      if (value === 0) return "0s";
      if (size < 1e-3) return digits(value * 1e6) + "us";
      return size < 1 ? digits(value * 1e3) + "ms" : digits(value) + "s";
    case "bytes":
      for (const [name, scale] of [["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10]] as const)
        if (size >= scale) return digits(value / scale) + name;
      return digits(value) + "B";
    case "count":
      return digits(value);
  }
}

export function valueText(rule: { value: number | null; health: string; unit?: Unit }): string {
  return rule.value === null ? rule.health.replaceAll("_", " ") : show(rule.value, rule.unit ?? "count");
}

/// "1m30s", "2h", "850ms".
export function duration(seconds: number): string {
  if (seconds < 1 && seconds > 0) return `${Math.round(seconds * 1000)}ms`;
  const all = Math.round(seconds);
  const [d, h, m, s] = [Math.floor(all / 86400), Math.floor(all / 3600) % 24, Math.floor(all / 60) % 60, all % 60];
  if (d > 0) return `${d}d${h > 0 ? `${h}h` : ""}`;
  if (h > 0) return `${h}h${m > 0 ? `${m}m` : ""}`;
  if (m > 0) return `${m}m${s > 0 ? `${s}s` : ""}`;
  return `${s}s`;
}

/// "14:04:05Z", as everywhere else in UTC; with its day where it is not today's.
export function clock(time: Time | number | Date, withDay = false): string {
  if (time === null) return "-";
  const [day, hms] = new Date(time).toISOString().slice(0, 19).split("T");
  return withDay || !new Date().toISOString().startsWith(day!) ? `${day} ${hms}Z` : `${hms}Z`;
}

export function seconds(from: Time, to: Time): number {
  return from && to ? Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000) : 0;
}

export function plural(n: number, one: string, many = one + "s"): string {
  return `${n} ${n === 1 ? one : many}`;
}
