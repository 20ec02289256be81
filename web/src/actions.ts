// What a person can do here. Each asks first, in a dialog; the daemon's no is shown in it, in the daemon's words.
import { get, post, Refused, setToken, token, whoIs } from "./api";
import { byId, h } from "./dom";
import type { Deployment, Me, Service } from "./model";
import { mayAct, signsAs, store } from "./store";

interface Field {
  name: string;
  label: string;
  kind?: "text" | "password" | "time" | "flag";
  needed?: boolean;
  hint?: string;
}

interface Action {
  label: string; ///< of the button
  title: string; ///< what will be done, whole
  text?: string;
  fields: Field[];
  grave?: boolean;
  done: string;
  send: (values: Record<string, string>) => Promise<unknown>;
}

const kTimes = [
  ["1800", "30 minutes"],
  ["3600", "1 hour"],
  ["14400", "4 hours"],
  ["86400", "1 day"],
];

const kShown = 8000;
let silence: ReturnType<typeof setTimeout> | undefined;

/// Told to whoever listens, and shown for a while.
export function say(text: string): void {
  byId("said").textContent = text;
  clearTimeout(silence);
  silence = setTimeout(() => byId("said").replaceChildren(), kShown);
}

function input(field: Field): HTMLElement {
  const id = `field-${field.name}`;
  const hint = field.hint ? h("small", { id: `${id}-hint` }, field.hint) : null;
  const common = { id, name: field.name, required: field.needed, "aria-describedby": hint ? `${id}-hint` : null };
  if (field.kind === "flag")
    return h("div", { class: "field" }, h("label", { class: "flag" }, h("input", { ...common, type: "checkbox", value: "yes" }), " ", field.label), hint);
  const control =
    field.kind === "time"
      ? h("select", common, kTimes.map(([value, word]) => h("option", { value }, word)))
      : field.kind === "password"
        ? h("input", { ...common, type: "password", autocomplete: "off" })
        : h("input", { ...common, type: "text", maxlength: "4000", autocomplete: "off" });
  return h("div", { class: "field" }, h("label", { for: id }, field.label), control, hint);
}

function open(action: Action): void {
  const fault = h("p", { class: "fault", role: "alert" });
  const go = h("button", { type: "submit", class: action.grave ? "grave" : "main" }, action.label);
  const dialog = h("dialog", { "aria-labelledby": "dialog-title" });
  const close = () => (dialog.close(), dialog.remove());
  const cancel = h("button", { type: "button", onclick: close }, "Cancel");
  const form = h(
    "form",
    {
      onsubmit: async (event: Event) => {
        event.preventDefault();
        const values = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
        if (go.disabled) return;
        go.disabled = cancel.disabled = true; // what is on its way cannot be called back
        try {
          await action.send(values);
          close();
          say(action.done);
          document.dispatchEvent(new Event("changed"));
        } catch (e) {
          fault.replaceChildren(e instanceof Refused ? e.message : "No answer came: it may have been done, or not. Look before you try again.");
          if (e instanceof Refused && e.how) fault.append(h("br"), e.how);
        }
        go.disabled = cancel.disabled = false;
      },
    },
    h("h2", { id: "dialog-title" }, action.title),
    action.text ? h("p", {}, action.text) : null,
    action.fields.map(input),
    fault,
    h("div", { class: "buttons" }, go, cancel),
  );
  dialog.append(form);
  dialog.addEventListener("cancel", (event) => cancel.disabled && event.preventDefault());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  form.querySelector<HTMLElement>("input, select")?.focus();
}

function button(action: Action): HTMLElement {
  return h("button", { type: "button", "data-key": action.label, class: action.grave ? "grave" : "", onclick: () => open(action) }, `${action.label}…`);
}

/// The buttons, or what it takes to see them.
export function bar(...actions: (Action | null)[]): HTMLElement | null {
  const possible = actions.filter((a): a is Action => a !== null);
  if (possible.length === 0) return null;
  return h("div", { class: "actions", role: "group", "aria-label": "Actions" }, possible.map(button));
}

const because: Field = { name: "reason", label: "Why", needed: true };

export function acknowledge(incident: string): Action | null {
  if (!mayAct()) return null;
  return {
    label: "Acknowledge",
    title: `Acknowledge ${incident}`,
    text: "You are on it: escalation and reminders stop.",
    fields: [{ name: "comment", label: "What you are doing", needed: true }],
    done: `${incident} is acknowledged`,
    send: ({ comment }) => post(`/v1/incidents/${incident}/ack`, { comment }),
  };
}

export function review(incident: string): Action | null {
  if (!mayAct()) return null;
  return {
    label: "Close the review",
    title: `Close the review of ${incident}`,
    fields: [
      { name: "root_cause", label: "Why it happened", needed: true },
      { name: "prevention", label: "What keeps it from happening again", needed: true },
    ],
    done: `the review of ${incident} is closed`,
    send: ({ root_cause, prevention }) => post(`/v1/incidents/${incident}/review`, { root_cause, prevention }),
  };
}

export function hold(service: string): Action | null {
  if (!mayAct()) return null;
  return {
    label: "Hold",
    title: `Hold ${service}`,
    text: "It is measured on; nothing is rolled back until the hold ends.",
    fields: [{ name: "for_s", label: "For", kind: "time" }, because],
    done: `${service} is held`,
    send: ({ for_s, reason }) => post("/v1/hold", { service, for_s: Number(for_s), reason }),
  };
}

export function unhold(service: string, all: boolean): Action | null {
  if (!mayAct()) return null;
  return {
    label: "End the hold",
    title: all ? "End the hold of all services" : `End the hold of ${service}`,
    fields: [],
    done: "the hold has ended",
    send: () => post("/v1/unhold", all ? { all: true } : { service }),
  };
}

/// What is shown may be seconds old, and an order to roll back names a service, not a deployment: it is not sent where that is
/// about another one by now.
async function mustBeUnderWay({ id, service, version, previous }: Deployment): Promise<void> {
  const now = await get<{ deployment: Deployment; service: Service }>(`/v1/deployments/${id}`);
  const d = now.service.deployment;
  const what = d === null ? `no deployment of ${service} is under way any more`
    : d.id !== id ? `${service} is at ${d.id} (${d.version}) now, not at ${id} (${version})`
    : d.phase === "rolling_back" ? `${id} is being rolled back already`
    : d.previous !== previous ? `${id} goes back to ${d.previous || "nothing"} now, not to ${previous}` : "";
  if (what) throw new Refused(409, `Nothing was sent: ${what}.`, "Close this and look again.");
}

export function rollBack(d: Deployment): Action | null {
  if (!mayAct()) return null;
  const { service, version, previous: to } = d;
  return {
    label: "Roll back",
    title: `Roll ${service} back from ${version} to ${to}`,
    text: "The rollback procedure starts at once.",
    fields: [because],
    grave: true,
    done: `${service} is being rolled back`,
    send: async ({ reason }) => {
      await mustBeUnderWay(d);
      await post("/v1/rollback", { service, reason });
    },
  };
}

export function confirm(id: string, to: string): (Action | null)[] {
  if (!mayAct()) return [];
  return [
    {
      label: "Confirm the rollback",
      title: `Confirm the rollback of ${id}${to ? ` to ${to}` : ""}`,
      fields: [because],
      grave: true,
      done: `the rollback of ${id} is confirmed`,
      send: ({ reason }) => post(`/v1/deployments/${id}/confirm`, { reason }),
    },
    {
      label: "Decline",
      title: `Decline the rollback of ${id}`,
      text: "The version stays; you are not asked again for this deployment.",
      fields: [because],
      done: `the rollback of ${id} is declined`,
      send: ({ reason }) => post(`/v1/deployments/${id}/decline`, { reason }),
    },
  ];
}

/// Whoever has the role may sign, an operator or not.
export function approve(id: string, role: string, items: boolean): Action | null {
  if (!signsAs(role)) return null;
  return {
    label: `Approve as ${role}`,
    title: `Approve ${id} as ${role}`,
    fields: [
      { name: "comment", label: "Comment" },
      ...(items ? [{ name: "all_items", label: `The open items of ${role} too`, kind: "flag" as const }] : []),
    ],
    done: `${id} is approved as ${role}`,
    send: ({ comment, all_items }) =>
      post(`/v1/deployments/${id}/approve`, { role, ...(comment ? { comment } : {}), ...(all_items ? { all_items: true } : {}) }),
  };
}

export async function askWho(): Promise<void> {
  try {
    store.me = await get<Me>("/v1/me");
  } catch (e) {
    store.me = null;
    if (e instanceof Refused && e.status === 401 && token()) setToken("");
  }
}

export function signIn(): void {
  open({
    label: "Sign in",
    title: "Sign in to act",
    text: "One of the tokens in page.tokens of backstop.yaml. It stays in this tab, until you close it or sign out.",
    fields: [{ name: "token", label: "Token", kind: "password", needed: true }],
    done: "you are signed in",
    send: async ({ token: given = "" }) => {
      store.me = await whoIs(given.trim());
      setToken(given.trim());
      document.dispatchEvent(new Event("signed"));
    },
  });
}

export async function signOut(): Promise<void> {
  setToken("");
  store.records = [];
  store.status = null;
  store.me = null;
  document.dispatchEvent(new Event("signed"));
  await askWho();
  say("you are signed out");
  document.dispatchEvent(new Event("changed"));
}
