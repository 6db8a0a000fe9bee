// The memory ledger as a picture whose areas add up to all memory, and as the table it is drawn from.

import { colour } from "../chart.js";
import { el, fill, put, table } from "../dom.js";
import { bytes, percent } from "../format.js";
import { t } from "../texts.js";
import { squarify } from "../treemap.js";
import { account, costs, gaps, past, share } from "./account.js";

const GROUPS = { command: "by command", process: "by process", user: "by user", cgroup: "by cgroup" };
const OWNERS = 6;

export function open(view) {
  let by = "command";
  const choose = el(
    "select",
    { id: "by", "aria-label": t("what processes are put together by"), on: { change: () => ((by = choose.value), tab.load()) } },
    Object.entries(GROUPS).map(([value, text]) => el("option", { value, text: t(text) })),
  );
  // Which cgroup a process was in is not recorded.
  const offered = () => {
    const cgroup = choose.querySelector("[value=cgroup]");
    cgroup.hidden = cgroup.disabled = past();
    if (cgroup.disabled && by === "cgroup") by = choose.value = "command";
    return { by };
  };
  const tab = account(view, "memory", () => t("reading the memory of all processes…"), draw, offered);
  put(tab.tools, choose);
  return tab;
}

/** What the picture is made of, largest first: the buckets, and the residual as one of them. */
export function areas(told) {
  const parts = told.buckets
    .filter((one) => one.bytes > 0)
    .map((one) => ({ name: one.name, title: title(one.name), size: one.bytes, owners: one.owners.filter((owner) => owner.bytes > 0), bucket: one }));
  if (told.residual_bytes > 0) parts.push({ name: "residual", title: t("in no line of the kernel (residual)"), size: told.residual_bytes, owners: [] });
  parts.sort((a, b) => b.size - a.size);
  parts.forEach((one, at) => {
    one.ink = one.name === "free" || one.name === "cpu-free" ? "var(--free)" : one.name === "residual" ? "var(--residual)" : colour(at);
  });
  return parts;
}

const title = (name) => t(`bucket:${name}`);

function draw(told) {
  const parts = areas(told);
  const map = el("div", { class: "map", role: "img", "aria-label": `${t("all memory, {total}", { total: bytes(told.total_bytes) })}: ${parts.map((one) => `${one.title} ${percent(one.size / told.total_bytes)}`).join(", ")}` });
  const observer = new ResizeObserver(() => (map.isConnected ? picture(map, parts, told.total_bytes) : observer.disconnect()));
  observer.observe(map);
  return [
    el("section", { class: "card" }, el("p", { class: "answer", text: told.sentence }), map, el("ul", { class: "legend" }, parts.slice(0, 9).map((one) => el("li", {}, el("span", { class: "swatch", style: { background: one.ink } }), `${one.title} `, el("b", { text: bytes(one.size) }))))),
    told.remarks.length ? el("section", { class: "card" }, el("ul", {}, told.remarks.map((text) => el("li", { text })))) : null,
    el("section", { class: "card" }, el("h2", { text: t("the ledger") }), ledger(told, parts)),
    el("section", { class: "card" }, el("h2", { text: t('what tools call "used" here') }), used(told)),
    gaps(told),
    costs(told),
  ];
}

function picture(map, parts, total) {
  const box = { left: 0, top: 0, width: map.clientWidth, height: map.clientHeight };
  if (map.dataset.drawn === `${box.width}x${box.height}`) return;
  map.dataset.drawn = `${box.width}x${box.height}`;
  const px = (place) => ({ left: `${place.left}px`, top: `${place.top}px`, width: `${place.width}px`, height: `${place.height}px` });
  const places = squarify(parts.map((one) => one.size), box);
  fill(
    map,
    places.map((place, at) => {
      const one = parts[at];
      const pale = ["free", "cpu-free", "residual"].includes(one.name);
      const cell = el("div", { class: `cell ${pale ? "pale" : ""}`, title: `${one.title}: ${bytes(one.size)}`, style: { ...px(place), background: one.ink } });
      if (place.width > 64 && place.height > 34) {
        cell.append(el("b", { text: one.title }), el("span", { text: `${bytes(one.size)} · ${percent(one.size / total)}` }));
      }
      if (place.width > 130 && place.height > 110) owners(cell, one, place);
      return cell;
    }),
  );
}

function owners(cell, one, place) {
  const named = one.owners.slice(0, 12);
  const rest = one.size - named.reduce((sum, owner) => sum + owner.bytes, 0);
  if (!named.length || rest < 0) return;
  const sizes = [...named.map((owner) => ({ name: owner.name, bytes: owner.bytes })), ...(rest > 0 ? [{ name: "", bytes: rest }] : [])].sort((a, b) => b.bytes - a.bytes);
  const room = { left: 5, top: 46, width: place.width - 12, height: place.height - 53 };
  squarify(sizes.map((owner) => owner.bytes), room).forEach((inner, at) => {
    const owner = sizes[at];
    const small = inner.width < 46 || inner.height < 18;
    cell.append(
      el("div", {
        class: "inner",
        title: owner.name ? `${owner.name}: ${bytes(owner.bytes)}` : t("others: {size}", { size: bytes(owner.bytes) }),
        text: small ? "" : owner.name || t("others"),
        style: { left: `${inner.left}px`, top: `${inner.top}px`, width: `${inner.width}px`, height: `${inner.height}px` },
      }),
    );
  });
}

function ledger(told, parts) {
  const inks = new Map(parts.map((one) => [one.name, one.ink]));
  const rows = told.buckets.filter((one) => one.bytes > 0).sort((a, b) => b.bytes - a.bytes);
  const all = [
    ...rows,
    { name: "residual", bytes: told.residual_bytes, owners: [], available: "no" },
    { name: "total", bytes: told.total_bytes, owners: [], attributes: { class: "total", id: "total" } },
  ];
  return table(t("the ledger"), [
    { head: t("where"), cell: (row) => [inks.has(row.name) ? el("span", { class: "swatch", style: { background: inks.get(row.name) } }) : null, row.name === "total" ? t("memory in all") : row.name === "residual" ? t("in no line of the kernel (residual)") : title(row.name)] },
    { head: t("size"), class: "n", cell: (row) => bytes(row.bytes) },
    { head: t("share"), class: "n wide", cell: (row) => share(row.bytes / told.total_bytes) },
    { head: t("can be had"), class: "wide", cell: (row) => (row.available === "yes" ? t("yes") : row.available === "partly" ? t("mostly") : "") },
    { head: t("who"), class: "name", cell: (row) => [...row.owners].filter((one) => one.bytes > 0).slice(0, OWNERS).map((one, at) => [at ? ", " : "", one.name, el("span", { class: "soft", text: ` ${bytes(one.bytes)}` })]) },
  ], all);
}

function used(told) {
  const names = { procps3: "free of procps 3", procps4: "free of procps 4", htop: "htop", sum_rss: "sum of RSS", sum_pss: "sum of PSS" };
  return table(t('what tools call "used" here'), [
    { head: t("tool"), cell: (row) => t(names[row]) },
    { head: t("size"), class: "n", cell: (row) => bytes(told.used[row]) },
  ], Object.keys(names).filter((name) => told.used[name] !== null), { class: "slim" });
}
