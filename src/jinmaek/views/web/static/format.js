// Numbers for people: the same words as views.units on the terminal.

import { t } from "./texts.js";

const BINARY = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
export const MISSING = "-";

export function amount(value, unit) {
  if (value === null || value === undefined) return MISSING;
  if (!Number.isFinite(value)) return "?";
  const per = unit.indexOf("/s");
  const base = per < 0 ? unit : unit.slice(0, per);
  const tail = per < 0 ? "" : "/s";
  switch (base) {
    case "bytes":
      return bytes(value) + tail;
    case "ratio":
      return `${(value * 100).toFixed(1)} %${tail}`;
    case "seconds":
      return seconds(value) + tail;
    case "pages":
      return `${number(value)} pages${tail}`;
    default:
      return number(value) + tail;
  }
}

export function bytes(value) {
  if (value === null || value === undefined) return MISSING;
  let scaled = value;
  let step = 0;
  while (Math.abs(scaled) >= 1024 && step < BINARY.length - 1) {
    scaled /= 1024;
    step += 1;
  }
  return step === 0 ? `${scaled.toFixed(0)} B` : `${scaled.toFixed(1)} ${BINARY[step]}`;
}

function seconds(value) {
  const size = Math.abs(value);
  if (size >= 7200) return `${(value / 3600).toFixed(1)} h`;
  if (size >= 1 || value === 0) return `${value.toFixed(1)} s`;
  return size >= 0.001 ? `${(value * 1000).toFixed(1)} ms` : `${(value * 1e6).toFixed(0)} µs`;
}

export function number(value) {
  if (value === null || value === undefined) return MISSING;
  if (Math.abs(value) >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString("en-US");
  return value.toFixed(2);
}

export function percent(value, digits = 1) {
  return value === null || value === undefined ? MISSING : `${(value * 100).toFixed(digits)} %`;
}

/** A length of time in its two largest units. */
export function span(length) {
  if (length === null || length === undefined) return MISSING;
  const whole = Math.floor(length);
  const days = Math.floor(whole / 86400);
  const hours = Math.floor((whole % 86400) / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  if (days) return t("{days} d {hours} h", { days, hours });
  if (hours) return t("{hours} h {minutes} min", { hours, minutes });
  if (minutes) return t("{minutes} min {seconds} s", { minutes, seconds: whole % 60 });
  return t("{seconds} s", { seconds: length < 10 ? length.toFixed(1) : length.toFixed(0) });
}

const two = (value) => String(value).padStart(2, "0");

/** Time of day; with the date where it is not today. */
export function moment(time) {
  const date = new Date(time * 1000);
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  if (date.toDateString() === new Date().toDateString()) return clock;
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock}`;
}
