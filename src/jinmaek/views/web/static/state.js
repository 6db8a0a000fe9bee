// What the page knows, and who wants to hear of changes.

const listeners = new Map();

export const state = {
  lang: "en",
  tab: "pulse",
  at: null, // the moment that is shown, seconds since the epoch; null is now
  range: 900, // seconds of history while it follows the clock
  zoom: null, // [since, until] while it does not
  host: null, // what /api/v1/host said last
  joined: false, // whether updates come in
};

/** Change some of it; listeners of any changed name are called once. */
export function change(changes) {
  const changed = Object.keys(changes).filter((name) => state[name] !== changes[name]);
  Object.assign(state, changes);
  const called = new Set(changed.flatMap((name) => [...(listeners.get(name) ?? [])]));
  for (const listener of called) listener();
}

/** Be called when any of these names changes; gives what ends that. */
export function watch(names, listener) {
  for (const name of names) {
    if (!listeners.has(name)) listeners.set(name, new Set());
    listeners.get(name).add(listener);
  }
  return () => names.forEach((name) => listeners.get(name).delete(listener));
}

export function keep(name, value) {
  try {
    localStorage.setItem(`jinmaek.${name}`, value);
  } catch {
    // Not kept: the page works without.
  }
}

export function kept(name) {
  try {
    return localStorage.getItem(`jinmaek.${name}`);
  } catch {
    return null;
  }
}
