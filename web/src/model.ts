// The documents of the control API, as far as the page shows them (docs/control-api.md). Times are ISO 8601, or null.

export type Level = "normal" | "alert" | "critical";
export type Unit = "ratio" | "percent" | "seconds" | "bytes" | "count";
export type Time = string | null;

export interface Evidence {
  rule: string;
  indicator: string;
  level: Level;
  health: string;
  value: number | null;
  threshold: number | null;
  limit: string;
  baseline: number | null;
  held_s: number;
  needed_s: number;
  evidence: number | null;
  evidence_needed: number;
  requests: number;
  numerator: number;
  why: string;
  unit?: Unit;
}

export interface Rule extends Evidence {
  reading_level: Level;
  mode: string;
  preexisting: boolean;
  unit: Unit;
}

export interface Step {
  path: string;
  name: string;
  kind?: string;
  status: string;
  attempt: number;
  started: Time;
  took_s: number | null;
  why: string;
  output: string;
  role?: string;
}

export interface PlanPhase {
  name: string;
  live: boolean;
  status: string;
  started: Time;
  took_s: number | null;
  steps: Step[];
}

export interface Plan {
  phases: PlanPhase[];
  at: string;
  ended: boolean;
  succeeded: boolean;
  why: string;
  paused: { by: string; why: string; at: Time } | null;
}

export interface Entry {
  at: Time;
  type: string;
  actor: string;
  text: string;
}

export interface Deployment {
  id: string;
  service: string;
  version: string;
  previous: string;
  type: string;
  phase: string;
  final: boolean;
  why: string;
  mode: string;
  irreversible: boolean;
  began_by: string;
  requested: Time;
  begun: Time;
  finished: Time;
  ended: Time;
  good_at: Time;
  bake_end: Time;
  verified_good: boolean;
  incident: string;
  rolls_back: string;
  rollback: string;
  decision: string;
  decision_status: string;
  decision_id: string;
  decision_why: string;
  confirm_until: Time;
  signals: string[];
  steps: Step[];
  locked: boolean;
  plan: Plan | null;
  traffic: { side: string; other_side: string; share: number; known: boolean; wanted: number; since: Time } | null;
  timeline?: Entry[];
}

export interface Source {
  source: string;
  target: string;
  up: boolean;
  last_ok: Time;
  why: string;
}

export interface Service {
  service: string;
  version: string;
  version_good: boolean;
  rollback_target: string;
  locked: boolean;
  locked_why: string;
  hold: { by: string; reason: string; until: Time; all: boolean } | null;
  deployment: Deployment | null;
  requests: { id: string; version: string; by: string; at: Time }[];
  mode?: string;
  level?: Level;
  evaluated?: Time;
  armed?: boolean;
  good_in_s?: number | null;
  bake_left_s?: number | null;
  verifying?: { good_for_s: number; wanted_s: number; deadline: Time };
  rules?: Rule[];
  sources?: Source[];
}

export interface Incident {
  id: string;
  service: string;
  deployment: string;
  severity: string;
  state: "open" | "acknowledged" | "resolved";
  title: string;
  opened: Time;
  resolved: Time;
  how_resolved: string;
  acknowledged_by: string;
  acknowledged_at: Time;
  comment: string;
  review_due: Time;
  reviewed: Time;
  reviewed_by: string;
  root_cause: string;
  prevention: string;
  timeline?: Entry[];
}

export interface Status {
  now: string;
  acts: boolean;
  degraded: string;
  config_faults: string[];
  records: number;
  shutdown: Time;
  services: Service[];
  incidents: Incident[];
  deadman: { well: boolean; silent: string; error: string } | null;
  undelivered_notices: { channel: string; error: string }[];
  dead_letters: number;
}

export interface Edges {
  low: number | null;
  high: number | null;
}

export interface IndicatorCurve {
  name: string;
  unit: Unit;
  values: (number | null)[];
  alert: Edges | null;
  critical: Edges | null;
  baseline: number | null;
}

export interface Readings {
  service: string;
  now_us: number;
  deployment: string | null;
  t_us: number[];
  indicators: IndicatorCurve[];
}

export interface Decision {
  id: string;
  at: Time;
  decision: string;
  status: string;
  rules: string[];
  why: string;
  because: string;
  evidence: Evidence[];
}

export interface ChecklistRole {
  role: string;
  title: string;
  by: string;
  at: Time;
  comment: string;
}

export interface Checklist {
  items: { name: string; title: string; given: boolean; failed: boolean; by: string; why: string }[];
  approvals: ChecklistRole[];
  ready: boolean;
  missing: string[];
}

export interface Me {
  name: string;
  may_act: boolean;
  roles: string[];
}

/// One record of the stream.
export interface RecordEvent {
  seq: number;
  time: Time;
  actor: string;
  subject: string;
  type: string;
  text: string;
}

/// One record as /v1/records gives it.
export interface KeptRecord {
  seq: number;
  time_us: number;
  actor: string;
  type: string;
}
