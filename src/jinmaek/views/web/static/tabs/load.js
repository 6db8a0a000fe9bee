// The load average taken apart: who is in it, and what nobody explains.

import { colour } from "../chart.js";
import { el, table } from "../dom.js";
import { number, span } from "../format.js";
import { t } from "../texts.js";
import { account, costs, gaps, share } from "./account.js";

const MOST = 5;

export function open(view) {
  return account(view, "load", () => t("watching the load for 11 s: the kernel moves it every 5 s…"), draw);
}

function draw(told) {
  const shown = told.parts.filter((one) => one.threads > 0);
  const inLoad = shown.filter((one) => one.in_load);
  const whole = Math.max(told.recovered ?? 0, told.counted) || 1;
  const load = [told.load1, told.load5, told.load15].map((one) => number(one)).join(" ");
  return [
    el(
      "section",
      { class: "card" },
      el("p", { class: "answer", text: told.sentence }),
      el("p", { class: "soft", text: `${t("load {averages} on {cpus} CPUs", { averages: load, cpus: told.cpus ?? "-" })} · ${t("watched for {time}", { time: span(told.window_s) })}` }),
      el("div", { class: "bar", role: "img", "aria-label": inLoad.map((one) => `${t(`kind:${one.kind}`)} ${number(one.threads)}`).join(", ") || t("nobody") }, inLoad.map((one) => el("i", { title: `${t(`kind:${one.kind}`)}: ${number(one.threads)}`, style: { width: `${(100 * one.threads) / whole}%`, background: colour(shown.indexOf(one)) } }))),
      parts(told, shown),
    ),
    el("section", { class: "card" }, el("h2", { text: t("does it add up?") }), sum(told)),
    gaps(told),
    costs(told),
  ];
}

function parts(told, shown) {
  const rows = shown.flatMap((one, at) => [
    { ...one, ink: colour(at), part: true },
    ...one.who.slice(0, MOST).map((who) => ({ ...who, part: false })),
    ...(one.who.length > MOST ? [{ more: one.who.length - MOST, threads: one.who.slice(MOST).reduce((sum, who) => sum + who.threads, 0), part: false }] : []),
  ]);
  if (!rows.length) return el("p", { class: "soft", text: t("No thread was in the load while it was watched.") });
  return table(t("who is in the load"), [
    { head: t("what they do"), class: "name", cell: (row) => (row.part ? [el("span", { class: "swatch", style: { background: row.ink } }), el("b", { text: t(`kind:${row.kind}`) })] : name(row)) },
    { head: t("threads"), class: "n", cell: (row) => number(row.threads) },
    { head: t("share"), class: "n wide", cell: (row) => (row.part ? (row.in_load ? share(row.share) : t("not in the load")) : "") },
    { head: t("waits in"), class: "wide", cell: (row) => (row.part ? "" : [row.wchan ? el("code", { text: row.wchan }) : "", row.mountpoint ?? row.device ? ` ${row.mountpoint ?? row.device}` : "", row.cgroup && row.cgroup !== "/" ? el("span", { class: "soft mono", text: ` ${row.cgroup}` }) : null]) },
  ], rows);
}

function name(row) {
  return el("span", { style: { "padding-left": "1.2em" } }, row.more ? t("{count} more", { count: row.more }) : `${row.name} [${row.pid}]`);
}

function sum(told) {
  return table(t("does it add up?"), [
    { head: t("what"), cell: (row) => row[0] },
    { head: t("threads"), class: "n", cell: (row) => number(row[1]) },
  ], [
    [t("counted by the kernel itself"), told.recovered],
    [t("seen here"), told.counted],
    [t("nobody explains"), told.unexplained],
    [t("CPUs at work"), told.on_cpu],
    [t("waiting for a CPU"), told.waiting_for_cpu],
    [t("CPUs the hypervisor took"), told.stolen],
  ], { class: "slim" });
}
