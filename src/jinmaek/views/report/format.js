// Data, words and numbers. Whatever came from the host is put into the page as text, never as markup.

const report = JSON.parse(document.getElementById("data").textContent);
const SEVERITIES = ["info", "warning", "critical"];
const BINARY = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
const MISSING = "–";

/** A text of the page in its language, with its blanks filled. */
function say(key, values = {}) {
  return (report.words[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** An element with attributes, properties (`text`, `on…`) and children. */
function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "text") made.textContent = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const byId = (id) => document.getElementById(id);
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** A moment as the clock of the report's time zone shows it; `getUTC…` of it are local. */
const local = (seconds) => new Date((seconds + report.utc_offset_s) * 1000);
const two = (number) => String(number).padStart(2, "0");

function day(seconds) {
  const at = local(seconds);
  return `${at.getUTCFullYear()}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}`;
}

function clock(seconds, withSeconds = true) {
  const at = local(seconds);
  const short = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
  return withSeconds ? `${short}:${two(at.getUTCSeconds())}` : short;
}

/** A moment; with its day where the report is of more than one. */
const ofOneDay = day(report.since) === day(report.until);
const when = (seconds) => (ofOneDay ? clock(seconds) : `${day(seconds)} ${clock(seconds)}`);

function bytes(value) {
  let scaled = Math.abs(value);
  let at = 0;
  while (scaled >= 1024 && at < BINARY.length - 1) {
    scaled /= 1024;
    at += 1;
  }
  const digits = at === 0 || scaled >= 100 ? 0 : 1;
  return `${value < 0 ? "-" : ""}${scaled.toFixed(digits)} ${BINARY[at]}`;
}

function plain(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString("en");
  return value.toFixed(size >= 10 ? 1 : 2);
}

function percent(value) {
  const digits = value !== 0 && Math.abs(value) < 10 ? 1 : 0;
  return Math.abs(value) < 0.05 ? "0" : value.toFixed(digits);
}

/** A value in its unit; what is not known is a dash, never 0. */
function amount(value, unit) {
  if (value === null || value === undefined) return MISSING;
  switch (unit) {
    case "bytes":
      return bytes(value);
    case "bytes/s":
      return `${bytes(value)}/s`;
    case "ratio":
      return `${percent(value * 100)} %`;
    case "pages/s":
      return `${plain(value)}/s`;
    default:
      return plain(value);
  }
}

function lasting(seconds) {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return whole % 60 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${whole / 60} min`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
