"use strict";
// Hands on the page: the address's hash, keys, pointers on the map, the swipe, the theme.

/** Reads the view from the hash. @returns {Record<string, string>} */
function readHash() {
  const text = location.hash.slice(1);
  if (!text.includes("=")) return {};
  return Object.fromEntries(new URLSearchParams(text));
}

/** @param {any} app */
function writeHash(app) {
  if (!app.ready) return;
  const mpp = view.metresPerUnit(view.cy) / view.scale;
  const digits = Math.max(0, Math.min(6, Math.ceil(-Math.log10(isLocal ? mpp : mpp / 111000)) + 1));
  const state = {
    t: app.t.toFixed(1),
    play: app.playing ? "1" : "0",
    x: `${app.speed}`,
    a: app.b ? app.a?.partner : "",
    b: app.b?.partner ?? "",
    s: app.b ? (app.swipe * 100).toFixed(1) : "",
    v: [view.dataX(view.cx).toFixed(digits), view.dataY(view.cy).toFixed(digits), Number(mpp.toPrecision(4))].join(","),
    c: app.colour,
    l: Object.entries(app.layers)
      .filter(([, on]) => on)
      .map(([name]) => name[0].toUpperCase() + name[1])
      .join("."),
    k: app.knew ? "1" : "",
    sel: app.selected ? `${app.selected.partner}:${app.selected.ids[app.k]}` : "",
    tab: app.tab,
    theme: document.documentElement.dataset.theme ?? "",
    lift: app.lifted ?? "",
  };
  const text = new URLSearchParams(
    Object.entries(state)
      .filter(([, v]) => v !== "" && v !== undefined)
      .map(([k, v]) => [k, String(v)]),
  ).toString();
  try {
    history.replaceState(null, "", `#${text.replaceAll("%2C", ",").replaceAll("%3A", ":")}`);
  } catch {
    // Some viewers do not let a file change its address; the page works without.
  }
}

/** @param {any} app @param {Record<string, string>} hash */
async function applyHash(app, hash) {
  const named = (/** @type {string} */ name) => app.pictures.find((/** @type {Picture} */ p) => p.partner === name);
  if (hash.theme === "dark" || hash.theme === "light") setTheme(app, hash.theme);
  if (hash.lift) await app.lift(hash.lift, true);
  if (hash.c) app.colour = hash.c;
  if (hash.l !== undefined) {
    const on = new Set(hash.l.split("."));
    for (const name of Object.keys(app.layers)) app.layers[name] = on.has(name[0].toUpperCase() + name[1]);
  }
  app.knew = hash.k === "1";
  if (hash.s) app.swipe = Math.max(0, Math.min(1, Number(hash.s) / 100)) || 0;
  if (hash.x && Number(hash.x) > 0) app.speed = Number(hash.x);
  if (named(hash.a) || named(hash.b)) await app.choose(named(hash.a) ?? app.a, named(hash.b) ?? app.b);
  if (hash.v) {
    const [x, y, mpp] = hash.v.split(",").map(Number);
    if ([x, y, mpp].every(Number.isFinite) && mpp > 0) {
      view.cx = view.worldX(x);
      view.cy = view.worldY(y);
      view.scale = view.metresPerUnit(view.cy) / mpp;
      view.changed();
      app.moved = true;
    }
  }
  if (hash.t && Number.isFinite(Number(hash.t))) app.t = Math.max(0, Math.min(duration, Number(hash.t)));
  if (hash.play) app.play(hash.play === "1");
  if (hash.sel) {
    const [partner, id] = hash.sel.split(":");
    const pic = named(partner);
    if (pic) {
      await pic.ready();
      app.select(pic, pic.find(id));
    }
  }
  if (hash.tab) app.showTab(hash.tab);
  app.layersChanged();
}

/** @param {any} app @param {string} theme */
function setTheme(app, theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  readInk();
  app.repaint();
}

/** What the page's words mean. */
const TERMS = [
  ["detection", "one measurement by one sensor"],
  ["track", "an object as it is followed from detections; confirmed once it probably exists"],
  ["row", "a track at one report time: where it is, how surely, who may act on it"],
  ["sees 90 %", "of all times at which an object was there, by the truth, those with a row near it"],
  ["coarse or late", "given in cells of the ground instead of a place, or only after a delay"],
  ["withheld", "not given to a partner: a rule forbids it, or no rule permits it"],
  ["level", "what a rule lets a partner have: the delay, the cells and what is left out"],
  ["existence", "the probability that a track is an object"],
  ["P_D", "the probability that a sensor that looks at an object detects it"],
  ["NIS, NEES", "squared errors over what was expected, for each number measured: 1 where the figures are honest"],
  ["GOSPA", "one number for errors of place, missed objects and false tracks, in metres: less is better"],
];

const KEYS = [
  ["Space", "play or pause"],
  ["← →", "one scan; with Shift one minute"],
  ["Home End", "beginning, end"],
  ["+ −", "zoom; on the map the arrows pan, 0 fits"],
  ["[ ]", "move the swipe by 5 %"],
  ["A B", "next partner on that side"],
  ["T D Z E G P", "tails, detections, zones, ellipses, ghosts, all points"],
  ["K", `clock: when it happened, or when ${isOperator ? "each partner" : "you"} knew`],
  ["N", "next track; with Shift the one before"],
  ["Esc", "clear the selection"],
  ["?", "this list"],
];

/** @param {any} app */
function listenKeys(app) {
  addEventListener("keydown", (e) => {
    const at = /** @type {HTMLElement} */ (e.target);
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if (at.closest("dialog[open]") && e.key !== "?") return;
    if (
      /^(SELECT|TEXTAREA)$/.test(at.tagName) ||
      (at.tagName === "INPUT" && !/range|checkbox|radio/.test(/** @type {HTMLInputElement} */ (at).type))
    )
      return;
    const onSwipe = at.classList.contains("handle");
    const onMap = at.id === "map";
    const onButton = /^(BUTTON|A|SUMMARY)$/.test(at.tagName) || (at.tagName === "INPUT" && at.id !== "time");
    const arrow = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key];
    const layer = { t: "tails", d: "detections", z: "zones", e: "ellipses", g: "ghosts", p: "points" }[
      e.key.toLowerCase()
    ];
    if (arrow) {
      if (at.getAttribute("role") === "tab") return;
      if (onSwipe && app.b) app.setSwipe(app.swipe + arrow[0] * 0.02 - arrow[1] * 0.02);
      else if (onMap) {
        view.pan(-arrow[0] * 60, -arrow[1] * 60);
        app.moved = true;
        app.dirty();
      } else if (arrow[0] && duration && !/radio/.test(/** @type {any} */ (at).type ?? ""))
        app.seek(app.t + arrow[0] * (e.shiftKey ? 60 : (app.a?.step ?? 1)), true);
      else return;
    } else if (e.key === " ") {
      if (onButton) return;
      app.play(!app.playing);
    } else if (e.key === "Home" && duration) {
      if (onSwipe) app.setSwipe(0);
      else app.seek(0, true);
    } else if (e.key === "End" && duration) {
      if (onSwipe) app.setSwipe(1);
      else app.seek(duration, true);
    } else if (e.key === "+" || e.key === "=") app.zoom(1.5);
    else if (e.key === "-" || e.key === "_") app.zoom(1 / 1.5);
    else if (e.key === "0") app.fit();
    else if (e.key === "[") app.setSwipe(app.swipe - 0.05);
    else if (e.key === "]") app.setSwipe(app.swipe + 0.05);
    else if (e.key === "a" || e.key === "A") app.nextPartner("a");
    else if (e.key === "b" || e.key === "B") app.nextPartner("b");
    else if (e.key === "k" || e.key === "K") app.setClock(!app.knew);
    else if (e.key === "n") app.nextTrack(1);
    else if (e.key === "N") app.nextTrack(-1);
    else if (e.key === "Escape") app.select(null, -1);
    else if (e.key === "?") app.help();
    else if (layer) app.toggle(layer);
    else return;
    e.preventDefault();
  });
}

/** @param {any} app @param {any} map */
function listenMap(app, map) {
  /** @type {Map<number, {x: number, y: number}>} */
  const down = new Map();
  let travelled = 0;
  let pinch = 0;
  const place = (/** @type {any} */ e) => {
    const box = map.getBoundingClientRect();
    return { x: e.clientX - box.left, y: e.clientY - box.top };
  };
  map.addEventListener("pointerdown", (/** @type {PointerEvent} */ e) => {
    if (e.button || /** @type {HTMLElement} */ (e.target).closest("button, select, .handle, .legend, a")) return;
    map.setPointerCapture(e.pointerId);
    down.set(e.pointerId, place(e));
    if (down.size === 1) travelled = 0;
    pinch = 0;
  });
  map.addEventListener("pointermove", (/** @type {PointerEvent} */ e) => {
    const now = place(e);
    const before = down.get(e.pointerId);
    if (!before) {
      app.hover(now.x, now.y);
      return;
    }
    if (down.size === 1) {
      travelled += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
      if (travelled > 4) {
        view.pan(now.x - before.x, now.y - before.y);
        app.moved = true;
      }
    } else {
      travelled = 99;
      down.set(e.pointerId, now);
      const [p, q] = [...down.values()];
      const apart = Math.hypot(p.x - q.x, p.y - q.y);
      if (pinch) view.zoom(apart / pinch, (p.x + q.x) / 2, (p.y + q.y) / 2);
      pinch = apart;
      app.moved = true;
    }
    down.set(e.pointerId, now);
    app.dirty();
  });
  const up = (/** @type {PointerEvent} */ e) => {
    if (!down.delete(e.pointerId)) return;
    pinch = 0;
    if (e.type === "pointerup" && travelled <= 4 && down.size === 0) {
      const { x, y } = place(e);
      app.pick(x, y);
    }
  };
  map.addEventListener("pointerup", up);
  map.addEventListener("pointercancel", up);
  map.addEventListener("pointerleave", () => app.hover(-1, -1));
  map.addEventListener("dblclick", (/** @type {any} */ e) => {
    if (!e.target.closest("button, select, .handle, .legend")) app.fit();
  });
  map.addEventListener(
    "wheel",
    (/** @type {WheelEvent} */ e) => {
      e.preventDefault();
      const { x, y } = place(e);
      view.zoom(Math.exp(-e.deltaY * (e.deltaMode ? 0.05 : e.ctrlKey ? 0.01 : 0.0016)), x, y);
      app.moved = true;
      app.dirty();
    },
    { passive: false },
  );
}

/** @param {any} app @param {any} handle @param {any} map */
function listenSwipe(app, handle, map) {
  let held = false;
  handle.addEventListener("pointerdown", (/** @type {PointerEvent} */ e) => {
    held = true;
    handle.setPointerCapture(e.pointerId);
    e.stopPropagation();
  });
  handle.addEventListener("pointermove", (/** @type {PointerEvent} */ e) => {
    if (!held) return;
    const box = map.getBoundingClientRect();
    app.setSwipe((e.clientX - box.left) / box.width);
  });
  for (const name of ["pointerup", "pointercancel"]) handle.addEventListener(name, () => (held = false));
}
