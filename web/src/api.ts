// Requests to the daemon that served this page, the token they carry, and the stream of its records.
import type { Me, RecordEvent } from "./model";

const kToken = "backstop-token"; // of this tab, until it is closed

/// What the daemon said no with, in its words.
export class Refused extends Error {
  constructor(
    readonly status: number,
    what: string,
    readonly how: string,
  ) {
    super(what);
  }
}

export function token(): string {
  return sessionStorage.getItem(kToken) ?? "";
}

export function setToken(value: string): void {
  value ? sessionStorage.setItem(kToken, value) : sessionStorage.removeItem(kToken);
}

function headers(more: Record<string, string> = {}, bearer = token()): Record<string, string> {
  return bearer ? { Authorization: `Bearer ${bearer}`, ...more } : more;
}

/// A connection that takes nothing for so long is one that is gone.
const kPatience = 15_000;

/// Not the page of a proxy that stands between.
function isSentence(text: string): boolean {
  return text.trim() !== "" && text.length < 300 && !text.includes("<");
}

async function ask<T>(path: string, init: RequestInit): Promise<T> {
  const answer = await fetch(path, { ...init, signal: AbortSignal.timeout(kPatience), cache: "no-store" });
  const text = await answer.text();
  let body: { error?: { what: string; why: string; how: string }; missing?: string[] } = {};
  try {
    body = JSON.parse(text);
  } catch {
    if (answer.ok) throw new Refused(answer.status, "the answer cannot be read", "");
  }
  if (answer.ok) return body as T;
  const e = body.error;
  throw e
    ? new Refused(answer.status, `${e.what}: ${e.why}`, e.how)
    : new Refused(answer.status, isSentence(text) ? text.trim() : `status ${answer.status}`, "");
}

export function get<T>(path: string): Promise<T> {
  return ask<T>(path, { headers: headers() });
}

export function post<T>(path: string, body: object): Promise<T> {
  return ask<T>(path, { method: "POST", headers: headers({ "Content-Type": "application/json" }), body: JSON.stringify(body) });
}

/// Who a token is of.
export function whoIs(bearer: string): Promise<Me> {
  return ask<Me>("/v1/me", { headers: headers({}, bearer) });
}

/// The daemon writes at least a comment every 15 s. Silence is how a connection looks that ended without a word: the desk
/// slept, a tunnel or a proxy between went away.
const kSilence = 40_000;

/// Reads records as they come until the connection ends or is given up (`control`); then it throws. By fetch, as EventSource
/// sends no token.
export async function follow(control: AbortController, onOpen: () => void, onRecord: (record: RecordEvent) => void): Promise<void> {
  const silent = () => control.abort();
  let patience = setTimeout(silent, kSilence);
  try {
    const answer = await fetch("/v1/events", { headers: headers(), cache: "no-store", signal: control.signal });
    if (!answer.ok || !answer.body) throw new Refused(answer.status, `status ${answer.status}`, "");
    onOpen();
    await read(answer.body, () => {
      clearTimeout(patience);
      patience = setTimeout(silent, kSilence);
    }, onRecord);
  } finally {
    clearTimeout(patience);
  }
}

async function read(body: ReadableStream<Uint8Array>, heard: () => void, onRecord: (record: RecordEvent) => void): Promise<never> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Error("the stream ended");
    heard();
    text += value;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const data = text.slice(0, end).split("\n").find((line) => line.startsWith("data: "));
      text = text.slice(end + 2);
      if (data) onRecord(JSON.parse(data.slice(6)) as RecordEvent);
    }
  }
}
