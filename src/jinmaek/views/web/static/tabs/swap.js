// What is in swap, whose it is, and whether anybody reads it back.

import { colour } from "../chart.js";
import { el, table } from "../dom.js";
import { amount, bytes, percent } from "../format.js";
import { t } from "../texts.js";
import { account, costs, gaps } from "./account.js";

export function open(view) {
  return account(view, "swap", () => t("watching swap for 5 s…"), draw, () => ({ by: "process" }));
}

function draw(told) {
  const parts = told.parts.filter((one) => one.adds && one.bytes > 0);
  return [
    el(
      "section",
      { class: "card" },
      el("p", { class: "answer", text: told.sentence }),
      told.total_bytes ? bar(told, parts) : null,
      told.used_bytes ? table(t("what is in swap"), [
        { head: t("what"), cell: (row) => [parts.includes(row) ? el("span", { class: "swatch", style: { background: colour(parts.indexOf(row)) } }) : null, t(`swap:${row.kind}`)] },
        { head: t("size"), class: "n", cell: (row) => (row.bound && row.bound !== "exact" ? `${row.bound === "upper" ? "≤" : "≥"} ${bytes(row.bytes)}` : bytes(row.bytes)) },
        { head: t("who"), class: "name", cell: (row) => row.who.slice(0, 6).map((one, at) => [at ? ", " : "", one.name, el("span", { class: "soft", text: ` ${bytes(one.bytes)}` })]) },
      ], [...told.parts.filter((one) => one.adds || one.bytes), { kind: "unexplained", bytes: told.unexplained_bytes, who: [] }]) : null,
    ),
    told.devices.length ? el("section", { class: "card" }, el("h2", { text: t("where swap is") }), table(t("where swap is"), [
      { head: t("device or file"), class: "name", cell: (row) => row.name },
      { head: t("size"), class: "n", cell: (row) => bytes(row.size_bytes) },
      { head: t("used"), class: "n", cell: (row) => bytes(row.used_bytes) },
      { head: t("priority"), class: "n", cell: (row) => String(row.priority) },
    ], told.devices)) : null,
    told.readers.length ? el("section", { class: "card" }, el("h2", { text: t("who reads it back") }), el("ul", {}, told.readers.map((one) => el("li", {}, el("b", { text: one.name }), one.pid === null ? "" : ` [${one.pid}]`, ` ${one.share === null ? "" : percent(one.share, 0)} ${one.why}`)))) : null,
    advice(told),
    rates(told),
    gaps(told),
    costs(told),
  ];
}

function bar(told, parts) {
  const label = t("{used} of {total} swap used", { used: bytes(told.used_bytes), total: bytes(told.total_bytes) });
  return [
    el("p", { class: "soft", text: label }),
    el("div", { class: "bar", role: "img", "aria-label": label }, parts.map((one, at) => el("i", { title: `${t(`swap:${one.kind}`)}: ${bytes(one.bytes)}`, style: { width: `${(100 * one.bytes) / told.total_bytes}%`, background: colour(at) } }))),
  ];
}

function advice(told) {
  if (!told.helps.length && !told.does_not_help.length) return null;
  const list = (name, lines) => (lines.length ? [el("dt", { text: name }), el("dd", {}, el("ul", {}, lines.map((text) => el("li", { text }))))] : null);
  return el("section", { class: "card" }, el("dl", { class: "facts" }, list(t("helps"), told.helps), list(t("does not"), told.does_not_help)));
}

function rates(told) {
  const known = Object.entries(told.rates).filter(([name, value]) => value !== null && t(`rate:${name}`) !== `rate:${name}`);
  if (!known.length) return null;
  return el("section", { class: "card" }, el("h2", { text: t("traffic") }), el("ul", {}, known.map(([name, value]) => el("li", { text: t(`rate:${name}`, { rate: amount(value, "pages/s") }) }))));
}
