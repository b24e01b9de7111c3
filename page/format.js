"use strict";
// Words and numbers as the page writes them, and the making of elements. Every number carries its unit.

const NB = "\u00a0";
const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** @param {number} n */
function count(n) {
  return grouped.format(n);
}

/** "1 track", "37 tracks". @param {number} n @param {string} one @param {string} [many] */
function counted(n, one, many) {
  return `${count(n)} ${n === 1 ? one : (many ?? one + "s")}`;
}

/** Digits that fit the size: three that count. @param {number} x @param {number} [figures] */
function plain(x, figures = 3) {
  if (!Number.isFinite(x)) return "–";
  const size = Math.abs(x);
  if (size >= 1000) return count(Math.round(x));
  if (size === 0) return "0";
  const digits = Math.max(0, Math.min(6, figures - 1 - Math.floor(Math.log10(size))));
  return String(Number(x.toFixed(digits)));
}

/** A share of what adds to 100 %; never 0 or 100 unless exact. @param {number} x */
function share(x) {
  if (!Number.isFinite(x)) return "–";
  if (x > 0 && x < 0.0005) return `<${NB}0.1${NB}%`;
  if (x < 1 && x >= 0.9995) return `>${NB}99.9${NB}%`;
  return `${(x * 100).toFixed(x === 0 || x === 1 ? 0 : 1)}${NB}%`;
}

/** @param {number} m */
function metres(m) {
  if (!Number.isFinite(m)) return "–";
  return Math.abs(m) >= 1000 ? `${plain(m / 1000)}${NB}km` : `${plain(m)}${NB}m`;
}

/** A length of time. @param {number} s */
function seconds(s) {
  if (!Number.isFinite(s)) return "–";
  const size = Math.abs(s);
  if (size >= 172800) return `${plain(s / 86400, 2)}${NB}days`;
  if (size >= 5400) return `${plain(s / 3600, 2)}${NB}h`;
  if (size >= 120) return `${plain(s / 60, 2)}${NB}min`;
  return `${plain(s)}${NB}s`;
}

/** @param {number} n */
function bytes(n) {
  return n >= 1e6 ? `${plain(n / 1e6)}${NB}MB` : n >= 1000 ? `${plain(n / 1000)}${NB}kB` : `${n}${NB}B`;
}

/** `assign_identity` as a word. @param {string} name */
function words(name) {
  return name.replaceAll("_", " ");
}

/**
 * An element. Properties that begin with "on" are listeners; null children are left out.
 * @param {string} tag @param {Record<string, any> | null} [properties] @param {...any} children
 * @returns {any}
 */
function h(tag, properties, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  return add(made, ...children);
}

/** Adds children, however nested; null and false are left out. @param {any} to @param {...any} children */
function add(to, ...children) {
  to.append(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false));
  return to;
}

/** Puts children in the place of those before. @param {any} to @param {...any} children */
function fill(to, ...children) {
  to.replaceChildren();
  return add(to, ...children);
}

/** A text in which backquotes set names in monospace; plain, where a name must not be a button.
 * @param {string} text @param {boolean} [isPlain] */
function rich(text, isPlain) {
  return text.split("`").map((part, at) => (at % 2 ? (isPlain ? h("code", null, part) : named(part)) : part));
}

/** A name in monospace; that of a rule shows the rule, where the page has its text. @param {string} name */
function named(name) {
  const code = h("code", null, name);
  if (!Object.hasOwn(doc.rules ?? {}, name)) return code;
  return h("button", { type: "button", class: "rule", "data-rule": name, title: "Show the rule" }, code);
}

/** @param {string} id @returns {any} */
function byId(id) {
  return document.getElementById(id);
}
