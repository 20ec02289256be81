// Words, signs and numbers: the same as backstopctl and the reports have. A colour only repeats what they say.
import type { Level, Rule, Service, Step, Time, Unit } from "./model";

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

export function serviceMark(service: Service): Mark {
  if (service.rules?.some(isBlind)) return { sign: "?", word: "BLIND", tone: "critical" };
  if (!service.evaluated || !service.level) return { sign: "○", word: "not measured yet", tone: "quiet" };
  return levelMark(service.level);
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

export function stepMark(step: Pick<Step, "status">): Mark {
  const word = step.status.replaceAll("_", " ");
  if (step.status === "done") return { sign: "✓", word, tone: "good" };
  if (step.status.startsWith("failed")) return { sign: "✗", word, tone: "critical" };
  if (step.status === "pending") return { sign: "·", word, tone: "quiet" };
  if (step.status === "skipped" || step.status === "continued") return { sign: "-", word, tone: "quiet" };
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

/// "14:04:05" here; with its day where it is not today's.
export function clock(time: Time | number, withDay = false): string {
  if (time === null) return "-";
  const at = new Date(time);
  const two = (n: number) => String(n).padStart(2, "0");
  const hms = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  const today = new Date().toDateString() === at.toDateString();
  return withDay || !today ? `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${hms}` : hms;
}

export function seconds(from: Time, to: Time): number {
  return from && to ? Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000) : 0;
}

export function plural(n: number, one: string, many = one + "s"): string {
  return `${n} ${n === 1 ? one : many}`;
}
