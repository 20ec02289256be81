// What the page knows: the newest status, who looks at it, and whether it is up to date.
import type { Me, RecordEvent, Status } from "./model";

export const store = {
  status: null as Status | null,
  me: null as Me | null,
  /// What keeps the newest state from being shown: no answer, an answer that does not tell it, or one that is late. Null: nothing.
  outage: null as "gone" | "behind" | "late" | null,
  why: "",
  /// When something was last loaded, by the daemon's clock.
  asOf: null as Date | null,
  /// What the daemon's clock is ahead of this one, in milliseconds.
  ahead: 0,
  /// Records that came while this page was open, newest first.
  records: [] as RecordEvent[],
};

const kRecords = 500;

export function keepRecord(record: RecordEvent): void {
  store.records.unshift(record);
  store.records.length = Math.min(store.records.length, kRecords);
}

export function takeStatus(status: Status): void {
  store.status = status;
  store.ahead = Date.parse(status.now) - Date.now();
}

/// Now, by the daemon's clock, in milliseconds since 1970.
export function now(): number {
  return Date.now() + store.ahead;
}

export function mayAct(): boolean {
  return store.me?.may_act ?? false;
}

export function signsAs(role: string): boolean {
  return store.me?.roles.some((r) => r === role || r === "*") ?? false;
}
