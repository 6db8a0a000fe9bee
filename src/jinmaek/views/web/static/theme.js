// Before anything is drawn, so that a dark page does not flash white.
"use strict";
try {
  const kept = localStorage.getItem("jinmaek.theme");
  if (kept === "dark" || kept === "light") document.documentElement.dataset.theme = kept;
} catch {
  // Storage may be forbidden: the system's choice holds.
}
