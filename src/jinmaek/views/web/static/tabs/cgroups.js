// The tree of cgroups: what each takes, and how near its limits it is.

import { el, fill } from "../dom.js";
import { bytes, moment, number, percent } from "../format.js";
import { state, watch } from "../state.js";
import { t } from "../texts.js";
import { Asking, waiting } from "./loading.js";

const OPEN = 2; // levels that are open at first

export function open(view) {
  const asking = new Asking();
  const place = el("div", {}, waiting());
  const shut = new Map(); // path to whether its children are hidden
  let told = null;
  const filter = el("input", { type: "search", id: "filter", placeholder: t("filter by path"), "aria-label": t("filter by path"), on: { input: () => draw() } });
  view.append(el("div", { class: "row" }, filter), place);

  function draw() {
    if (!told) return;
    const root = tree(told.cgroups);
    const wanted = filter.value.trim().toLowerCase();
    const rows = wanted ? told.cgroups.filter((one) => one.path.toLowerCase().includes(wanted)).map((one) => ({ one, name: one.path, level: 0, children: 0 })) : flat(root, 0);
    const focused = document.activeElement?.dataset?.path;
    fill(
      place,
      el(
        "section",
        { class: "card" },
        el("p", { class: "soft", text: `${t("{count} cgroups", { count: told.cgroups.length + told.left_out })} · ${moment(told.time)}` }),
        rows.length ? grid(rows) : el("p", { text: t("No cgroup tells anything here.") }),
        told.gaps.map((gap) => el("p", { class: "soft", text: `${gap.source}: ${t(gap.kind)}` })),
      ),
    );
    if (focused) place.querySelector(`[data-path="${CSS.escape(focused)}"]`)?.focus();
  }

  function hidden(path, level) {
    return shut.get(path) ?? level >= OPEN;
  }

  function flat(node, level) {
    const rows = [];
    const children = [...node.children.values()].sort((a, b) => (b.weight - a.weight) || (a.path < b.path ? -1 : 1));
    rows.push({ one: node.one, path: node.path, name: node.path === "/" ? "/" : node.name, level, children: children.length });
    if (!hidden(node.path, level)) for (const child of children) rows.push(...flat(child, level + 1));
    return rows;
  }

  function grid(rows) {
    const heads = [["cgroup", "name"], ["memory", "n"], ["of its limit", "n"], ["CPU", "n"], ["held back", "n wide"], ["in swap", "n wide"], ["threads", "n wide"]];
    return el(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": t("cgroups") },
      el(
        "table",
        {},
        el("caption", { class: "heard", text: t("cgroups") }),
        el("thead", {}, el("tr", {}, heads.map(([head, name]) => el("th", { scope: "col", class: name, text: t(head) })))),
        el("tbody", {}, rows.map((row) => line(row))),
      ),
    );
  }

  function line(row) {
    const { one } = row;
    const closed = hidden(row.path, row.level);
    const twist = row.children
      ? el("button", { type: "button", class: "twist", "data-path": row.path, "aria-expanded": String(!closed), "aria-label": `${row.name}: ${closed ? t("show what is below") : t("hide what is below")}`, text: closed ? "▸" : "▾", on: { click: () => (shut.set(row.path, !closed), draw()) } })
      : el("span", { class: "twist", style: { display: "inline-block" } });
    const share = one?.memory_max_bytes ? one.memory_bytes / one.memory_max_bytes : null;
    return el(
      "tr",
      {},
      el("td", { class: "name", style: { "padding-left": `${8 + 18 * row.level}px` } }, twist, el("span", { class: "mono", text: row.name }), row.children ? el("span", { class: "soft", text: ` ${row.children}` }) : null),
      el("td", { class: "n", text: bytes(one?.memory_bytes) }),
      el("td", { class: "n", title: one?.memory_max_bytes ? bytes(one.memory_max_bytes) : null }, share === null ? "-" : [percent(share), el("span", { class: "meter", "aria-hidden": "true" }, el("i", { style: { width: `${Math.min(100, 100 * share)}%` } }))]),
      el("td", { class: "n", text: percent(one?.cpu) }),
      el("td", { class: "n wide", text: percent(one?.throttled) }),
      el("td", { class: "n wide", text: bytes(one?.swap_bytes) }),
      el("td", { class: "n wide", text: number(one?.pids) }),
    );
  }

  const load = () => asking.ask("cgroups", { at: state.at }, place, (answer) => {
    told = answer;
    draw();
  });
  load();
  asking.every(10, () => state.at === null && state.host?.live && state.joined && load());
  const unwatch = watch(["at"], load);
  return {
    close() {
      unwatch();
      asking.close();
    },
  };
}

/** The cgroups below each other; folders of which nothing is told are there too. */
function tree(cgroups) {
  const root = { path: "/", name: "/", one: null, children: new Map(), weight: 0 };
  for (const one of cgroups) {
    let node = root;
    for (const name of one.path.split("/").filter(Boolean)) {
      if (!node.children.has(name)) node.children.set(name, { path: `${node.path === "/" ? "" : node.path}/${name}`, name, one: null, children: new Map(), weight: 0 });
      node = node.children.get(name);
    }
    node.one = one;
  }
  weigh(root);
  return root;
}

function weigh(node) {
  for (const child of node.children.values()) weigh(child);
  node.weight = Math.max(node.one?.memory_bytes ?? 0, ...[...node.children.values()].map((child) => child.weight));
  return node.weight;
}
