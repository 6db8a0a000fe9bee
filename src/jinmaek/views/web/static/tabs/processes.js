// The processes at the moment chosen: sorted, filtered, and how many there are besides.

import { el, fill, table } from "../dom.js";
import { bytes, moment, number, percent, span } from "../format.js";
import { state, watch } from "../state.js";
import { t } from "../texts.js";
import { Asking, waiting } from "./loading.js";

const COLUMNS = [
  { id: "pid", head: "PID", class: "n", of: (one) => one.pid, text: (one) => String(one.pid) },
  { id: "user", head: "user", class: "wide", of: (one) => one.user, text: (one) => one.user },
  { id: "state", head: "S", class: "", of: (one) => one.state, text: (one) => one.state, title: "state" },
  { id: "cpu", head: "CPU", class: "n", of: (one) => one.cpu, text: (one) => percent(one.cpu), title: "100 % is one whole CPU" },
  { id: "memory", head: "memory", class: "n wide", of: (one) => one.memory, text: (one) => percent(one.memory) },
  { id: "resident_bytes", head: "resident", class: "n", of: (one) => one.resident_bytes, text: (one) => bytes(one.resident_bytes) },
  { id: "swap_bytes", head: "in swap", class: "n wide", of: (one) => one.swap_bytes, text: (one) => bytes(one.swap_bytes) },
  { id: "threads", head: "threads", class: "n wide", of: (one) => one.threads, text: (one) => number(one.threads) },
  { id: "time_s", head: "CPU time", class: "n wide", of: (one) => one.time_s, text: (one) => span(one.time_s) },
  { id: "name", head: "name", class: "name", of: (one) => one.name, text: (one) => one.name },
];

export function open(view) {
  const asking = new Asking();
  const place = el("div", {}, waiting());
  const filter = el("input", { type: "search", id: "filter", placeholder: t("filter by name, user or pid"), "aria-label": t("filter by name, user or pid"), on: { input: () => draw() } });
  const count = el("span", { class: "soft", role: "status" });
  let told = null;
  let sort = { by: "cpu", down: true };
  view.append(el("div", { class: "row" }, filter, count), place);

  function draw() {
    if (!told) return;
    const wanted = filter.value.trim().toLowerCase();
    const rows = told.processes.filter((one) => !wanted || `${one.pid} ${one.user} ${one.name}`.toLowerCase().includes(wanted));
    const by = COLUMNS.find((one) => one.id === sort.by);
    const key = (one) => by.of(one);
    rows.sort((a, b) => {
      const [x, y] = [key(a), key(b)];
      if (x === null || y === null) return (x === null) - (y === null) || a.pid - b.pid;
      const order = x < y ? -1 : x > y ? 1 : 0;
      return (sort.down ? -order : order) || a.pid - b.pid;
    });
    const focused = document.activeElement?.dataset?.sort;
    fill(place, el("section", { class: "card" }, processTable(told, rows, sort, (id) => {
      sort = { by: id, down: sort.by === id ? !sort.down : true };
      draw();
    })));
    if (focused) place.querySelector(`[data-sort="${focused}"]`)?.focus();
    count.textContent = `${t("{shown} of {all} processes", { shown: rows.length, all: told.tasks.total })} · ${moment(told.time)}`;
  }

  const load = () => asking.ask("processes", { at: state.at, limit: 300 }, place, (answer) => {
    told = answer;
    draw();
  });
  load();
  asking.every(5, () => state.at === null && state.host?.live && state.joined && load());
  const unwatch = watch(["at"], load);
  return {
    close() {
      unwatch();
      asking.close();
    },
  };
}

/** The table itself; heads are buttons where `choose` is given. */
export function processTable(told, rows, sort = null, choose = null) {
  const columns = COLUMNS.map((one) => ({
    class: one.class,
    title: one.title ? t(one.title) : null,
    head: choose ? el("button", { type: "button", "data-sort": one.id, text: t(one.head), on: { click: () => choose(one.id) } }) : t(one.head),
    cell: (row) => one.text(row),
  }));
  const made = table(t("processes"), columns, rows);
  if (choose) {
    [...made.querySelectorAll("thead th")].forEach((head, at) => {
      head.classList.add("sort");
      if (COLUMNS[at].id === sort.by) head.setAttribute("aria-sort", sort.down ? "descending" : "ascending");
    });
  }
  return made;
}
