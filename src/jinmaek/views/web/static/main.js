// The frame around the tabs: host, vitals, moment, connection, keys.

import { get, listen, Unanswered } from "./api.js";
import { el, fill } from "./dom.js";
import { bytes, moment, percent, span } from "./format.js";
import { change, keep, kept, state, watch } from "./state.js";
import { learn, t } from "./texts.js";
import { Vitals } from "./vitals.js";
import * as pulse from "./tabs/pulse.js";
import * as history from "./tabs/history.js";
import * as processes from "./tabs/processes.js";
import * as memory from "./tabs/memory.js";
import * as load from "./tabs/load.js";
import * as swap from "./tabs/swap.js";
import * as cgroups from "./tabs/cgroups.js";

const TABS = { pulse, history, processes, memory, load, swap, cgroups };
const NAMES = {
  pulse: "Pulse",
  history: "History",
  processes: "Processes",
  memory: "Memory",
  load: "Load",
  swap: "Swap",
  cgroups: "Cgroups",
};
const names = () => Object.keys(TABS);
const at = (id) => document.getElementById(id);
const view = at("view");
const vitals = new Vitals(at("vitals"));
let shown = null; // the tab that is open: {sample, diagnosis, close}
let instance = null;
let cost = null;

function open(name) {
  shown?.close?.();
  state.tab = name;
  keep("tab", name);
  for (const button of at("tabs").children) {
    const chosen = button.dataset.tab === name;
    button.setAttribute("aria-selected", chosen);
    button.tabIndex = chosen ? 0 : -1;
  }
  view.setAttribute("aria-labelledby", `tab-${name}`);
  fill(view);
  shown = TABS[name].open(view);
  if (location.hash !== `#${name}`) window.history.replaceState(null, "", `#${name}`);
}

function tabs() {
  const keys = (event) => {
    const all = names();
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const next = step ? all[(all.indexOf(state.tab) + step + all.length) % all.length] : { Home: all[0], End: all.at(-1) }[event.key];
    if (!next) return;
    event.preventDefault();
    open(next);
    at(`tab-${next}`).focus();
  };
  fill(
    at("tabs"),
    names().map((name) =>
      el("button", {
        role: "tab",
        id: `tab-${name}`,
        type: "button",
        "data-tab": name,
        "aria-controls": "view",
        text: t(NAMES[name]),
        on: { click: () => open(name), keydown: keys },
      }),
    ),
  );
  at("tabs").setAttribute("aria-label", t("what is shown"));
}

function head() {
  const host = state.host;
  fill(
    at("host"),
    host ? [el("b", { text: host.host ?? "?" }), ` · Linux ${host.kernel ?? "?"}`] : null,
    host?.uptime_s ? ` · ${t("up {time}", { time: span(host.uptime_s) })}` : null,
    host && !host.live ? ` · ${t("a recording, from {since} to {until}", { since: moment(host.span.since), until: moment(host.span.until) })}` : null,
  );
  document.title = host?.host ? `${host.host} · jinmaek` : "jinmaek";
}

function tools() {
  const focused = document.activeElement?.id;
  const dark = isDark();
  fill(
    at("tools"),
    el("span", { id: "joined", class: `joined ${state.joined ? "yes" : ""}`, text: state.joined ? (state.host?.live === false ? t("recording") : t("live")) : t("not connected") }),
    el("button", {
      id: "lang",
      type: "button",
      lang: state.lang === "ko" ? "en" : "ko",
      text: state.lang === "ko" ? "English" : "한국어",
      on: { click: () => speak(state.lang === "ko" ? "en" : "ko") },
    }),
    el("button", { id: "theme", type: "button", text: dark ? t("Light") : t("Dark"), on: { click: () => paint(dark ? "light" : "dark") } }),
  );
  if (focused === "lang" || focused === "theme") at(focused).focus();
}

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function paint(theme) {
  document.documentElement.dataset.theme = theme;
  keep("theme", theme);
  tools();
  open(state.tab);
}

async function speak(lang) {
  await learn(lang);
  state.lang = lang;
  keep("lang", lang);
  words();
}

function words() {
  at("skip").textContent = t("To the content");
  head();
  tools();
  tabs();
  vitals.words();
  bar();
  foot();
  open(state.tab);
}

function bar() {
  if (state.at === null) {
    fill(at("moment"));
    return;
  }
  fill(
    at("moment"),
    el("span", { text: t("As of {time}", { time: moment(state.at) }) }),
    el("button", { id: "now", type: "button", text: state.host?.live ? t("Back to now") : t("To the end"), on: { click: () => change({ at: null }) } }),
  );
}

function foot() {
  fill(
    at("foot"),
    cost ? el("span", { id: "cost", text: t("jinmaek itself: {cpu} of one CPU, {memory}", { cpu: percent(cost.cpu_share), memory: bytes(cost.resident_bytes) }) }) : null,
    cost ? el("span", { text: t("{count} watching", { count: cost.clients }) }) : null,
    el("span", { class: "keys" }, el("kbd", { text: "1" }), "–", el("kbd", { text: String(names().length) }), ` ${t("tabs")} · `, el("kbd", { text: "/" }), ` ${t("filter")} · `, el("kbd", { text: "Esc" }), ` ${t("back to now")}`),
    el("a", { href: "/api/v1/openapi.json", text: "API" }),
  );
}

function notice(text, lost = false) {
  at("notice").className = text ? `notice shown ${lost ? "lost" : ""}` : "notice";
  at("notice").textContent = text;
}

async function greet(hello) {
  const restarted = instance !== null && hello.instance !== instance;
  instance = hello.instance;
  change({ joined: true, host: await get("host") });
  if (state.host.fault) {
    fault();
    return;
  }
  notice(restarted ? t("Connected again. The server was restarted meanwhile: its live history begins anew.") : "");
  if (restarted) {
    await vitals.load();
    open(state.tab);
  }
}

/** The thread that reads has ended: what is shown is of then. */
function fault() {
  notice(t("The server does not read this host any more, because of a fault in it. What is shown is old."), true);
}

function keys(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  const name = names()[Number(event.key) - 1];
  if (name) open(name);
  else if (event.key === "Escape") change({ at: null });
  else if (event.key === "/") {
    if (!view.querySelector("input[type=search]")) open("processes");
    view.querySelector("input[type=search]")?.focus();
  } else return;
  event.preventDefault();
}

async function begin() {
  state.lang = kept("lang") ?? (navigator.language.startsWith("ko") ? "ko" : "en");
  const [host] = await Promise.all([get("host"), learn(state.lang)]);
  change({ host });
  const asked = location.hash.slice(1);
  state.tab = [asked, kept("tab"), "pulse"].find((name) => names().includes(name));
  if (!host.live) state.range = Math.min(3600, Math.max(60, host.span.until - host.span.since));
  words();
  watch(["host"], head);
  watch(["joined", "host"], tools);
  watch(["at"], bar);
  await vitals.load();
  listen({
    hello: greet,
    joined: (yes) => {
      if (!yes && state.joined) notice(t("The connection is lost; trying again."), true);
      change({ joined: yes });
    },
    sample: (told) => {
      cost = { ...told.cost, clients: told.clients };
      vitals.add(told);
      shown?.sample?.(told);
      foot();
    },
    diagnosis: () => shown?.diagnosis?.(),
    fault,
  });
  addEventListener("keydown", keys);
  addEventListener("hashchange", () => {
    const name = location.hash.slice(1);
    if (names().includes(name) && name !== state.tab) open(name);
  });
}

begin().catch((error) => {
  if (error instanceof Unanswered && error.status === 401) location.reload();
  fill(view, el("p", { class: "failed", role: "alert", text: `${error.message}` }));
});
