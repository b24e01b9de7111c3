"use strict";
// Tables, charts and sections from data alone.

/** @typedef {{name: string, kind?: string}} Head */
/**
 * @typedef {{title?: string, columns: Head[], rows: any[][], limit?: number,
 *   onrow?: (row: any[], at: number) => void}} Grid
 */

/** @param {any} value @param {string} [kind] @returns {string} */
function cellText(value, kind) {
  if (value === null || value === undefined || value === "") return "–";
  if (Array.isArray(value)) return value.length ? value.join(", ") : "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "object")
    return Object.entries(value)
      .map(([key, v]) => `${words(key)} ${cellText(v)}`)
      .join(", ");
  if (typeof value !== "number") return String(value);
  if (kind === "share") return share(value);
  if (kind === "time") return clockText((value - epoch) / 1e6);
  if (kind === "seconds") return seconds(value);
  if (kind === "metres") return metres(value);
  if (kind === "bytes") return bytes(value);
  return Number.isInteger(value) ? count(value) : plain(value, 4);
}

/** A table that scrolls by itself where it is wide. @param {any[]} heads @param {any} body @param {string} [label] */
function scrolling(heads, body, label = "Table") {
  const head = h("thead", null, h("tr", null, heads));
  return cued(h("table", null, head, body), label);
}

/** A box in which something wide scrolls, and which says so as long as there is more to a side. @param {any} inner
 * @param {string} [label] */
function cued(inner, label = "Table") {
  const box = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label }, inner);
  const cue = h("span", { class: "cue", "aria-hidden": "true" });
  const around = h("div", { class: "wide-box" }, box, cue);
  const look = () => {
    const [wide, high] = [box.scrollWidth - box.clientWidth, box.scrollHeight - box.clientHeight];
    const [left, right, down] = [box.scrollLeft > 2, wide - box.scrollLeft > 2, high - box.scrollTop > 2];
    around.classList.toggle("scrolls", wide > 2 || high > 2);
    around.classList.toggle("more-left", left);
    around.classList.toggle("more-right", right);
    cue.hidden = !left && !right && !down;
    cue.textContent = `scroll for more ${[left && "←", right && "→", down && "↓"].filter(Boolean).join(" ")}`;
  };
  box.addEventListener("scroll", look, { passive: true });
  const sizes = new ResizeObserver(look);
  sizes.observe(box);
  sizes.observe(inner);
  return around;
}

/** @param {Grid} grid */
function tableOf({ title, columns, rows, limit = 100, onrow }) {
  const body = h("tbody", null);
  const isNumber = (/** @type {any} */ v) =>
    typeof v === "number" || (v instanceof Element && v.classList.contains("figure"));
  const numeric = columns.map((_, c) => rows.slice(0, 40).some((row) => isNumber(row[c])));
  const show = (/** @type {number} */ n) => {
    fill(
      body,
      ...rows.slice(0, n).map((row, at) =>
        h(
          "tr",
          null,
          row.map((value, c) => {
            const kind = columns[c]?.kind;
            const text =
              value instanceof Node
                ? value
                : kind === "code"
                  ? [value ?? []].flat().map((v, q) => [q ? ", " : "", named(String(v))])
                  : cellText(value, kind);
            const inner =
              c === 0 && onrow
                ? h("button", { type: "button", class: "link", onclick: () => onrow(row, at) }, text)
                : text;
            return h(c ? "td" : "th", { scope: c ? null : "row", class: numeric[c] ? "number" : null }, inner);
          }),
        ),
      ),
    );
  };
  show(limit);
  return [
    title ? h("h3", null, title) : null,
    scrolling(
      columns.map((c, at) => h("th", { scope: "col", class: numeric[at] ? "number" : null }, c.name)),
      body,
      title,
    ),
    rows.length > limit
      ? h(
          "button",
          { type: "button", class: "more", onclick: (/** @type {any} */ e) => (show(rows.length), e.target.remove()) },
          `Show all ${count(rows.length)} rows`,
        )
      : null,
  ];
}

/** @param {string} id @param {string} title @param {string | null} text @param {...any} children */
function section(id, title, text, ...children) {
  return h(
    "section",
    { id, class: "section" },
    h("h2", null, title),
    text ? h("p", { class: "lead" }, rich(text)) : null,
    children,
  );
}

/** Charts to be made anew when the theme changes. @type {(() => void)[]} */
const charts = [];

/** A chart over time. @param {any} chart {title, unit, time, series: [{name, values, low, high}], bound} */
function chartOf(chart) {
  const box = h("div", { class: "plot", role: "img", "aria-label": `${chart.title}, over time` });
  /** @type {any} */
  let plot = null;
  const make = () => {
    plot?.destroy();
    fill(box);
    const width = box.clientWidth || 600;
    const hues = [ink.k0, ink.A, ink.B, ink.k3, ink.k4, ink.k5, ink.k6, ink.k7];
    const isShare = chart.unit === "share";
    const data = [chart.time.map((/** @type {number} */ us) => (isLocal ? (us - epoch) / 1e6 : us / 1e6))];
    /** @type {any[]} */
    const series = [
      {
        label: isLocal ? "time" : "UTC",
        value: (/** @type {any} */ _, /** @type {number} */ v) =>
          v === null || v === undefined ? "" : clockText(isLocal ? v : v - epoch / 1e6),
      },
    ];
    /** @type {any[]} */
    const bands = [];
    chart.series.forEach((/** @type {any} */ s, /** @type {number} */ at) => {
      const stroke = hues[at % hues.length];
      if (s.low && s.high) {
        data.push(s.high, s.low);
        bands.push({ series: [series.length, series.length + 1], fill: `${stroke}26` });
        for (const end of ["high", "low"])
          series.push({ label: `${s.name}, ${end}`, class: "bound", stroke: "transparent", points: { show: false } });
      }
      data.push(s.values);
      series.push({
        label: s.name,
        stroke,
        width: 1.5,
        dash: at % 3 === 2 ? [6, 3] : at % 3 === 1 ? [2, 2] : [],
        points: { show: false },
        value: (/** @type {any} */ _, /** @type {number} */ v) =>
          v === null || v === undefined ? "–" : isShare ? share(v) : plain(v, 4),
      });
    });
    const axis = {
      stroke: ink.ink2,
      font: font(11),
      labelFont: font(11),
      labelSize: 18 * textScale(),
      grid: { stroke: ink.rule, width: 1 },
      ticks: { stroke: ink.rule2, width: 1 },
    };
    const time = (/** @type {any} */ _, /** @type {number[]} */ at) =>
      at.map((v) =>
        clockText(isLocal ? v : v - epoch / 1e6).slice(0, isLocal ? 12 : at.length > 1 && at[1] - at[0] < 60 ? 8 : 5),
      );
    plot = new uPlot(
      {
        width,
        height: Math.round(190 * textScale()),
        series,
        bands,
        cursor: { y: false, points: { size: 6 } },
        scales: { x: { time: false } },
        axes: [
          {
            ...axis,
            label: isLocal ? clockName : `time of day, ${clockName}`,
            size: 28 * textScale(),
            values: time,
            incrs: [
              0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400,
              172800, 432000, 864000,
            ],
            space: 54 * textScale(),
          },
          {
            ...axis,
            label: isShare ? "%" : chart.unit,
            values: isShare
              ? (/** @type {any} */ _, /** @type {number[]} */ at) => at.map((v) => plain(100 * v))
              : undefined,
            size: 50 * textScale(),
          },
        ],
        hooks: chart.bound
          ? {
              draw: [
                (/** @type {any} */ u) => {
                  u.ctx.save();
                  u.ctx.strokeStyle = ink.ink3;
                  for (const v of chart.bound) {
                    const y = u.valToPos(v, "y", true);
                    u.ctx.beginPath();
                    u.ctx.moveTo(u.bbox.left, y);
                    u.ctx.lineTo(u.bbox.left + u.bbox.width, y);
                    u.ctx.stroke();
                  }
                  u.ctx.restore();
                },
              ],
            }
          : {},
      },
      data,
      box,
    );
  };
  charts.push(() => box.isConnected && plot && make());
  const seen = new IntersectionObserver(
    (entries) => {
      if (!plot && entries.some((e) => e.isIntersecting)) {
        seen.disconnect();
        make();
      }
    },
    { rootMargin: "300px" },
  );
  seen.observe(box);
  new ResizeObserver(
    () =>
      plot &&
      Math.abs(plot.width - box.clientWidth) > 2 &&
      plot.setSize({ width: box.clientWidth, height: plot.height }),
  ).observe(box);
  return h("figure", null, h("figcaption", null, chart.title), box);
}

/** Any section by data alone. @param {any} panel */
function panelBody(panel) {
  return [(panel.charts ?? []).map(chartOf), (panel.tables ?? []).map((/** @type {any} */ t) => tableOf(t))];
}

/** Runs a task when an element comes near the screen. @param {any} element @param {() => void} task */
function lazily(element, task) {
  const seen = new IntersectionObserver(
    (entries) => {
      if (!entries.some((e) => e.isIntersecting)) return;
      seen.disconnect();
      task();
    },
    { rootMargin: "200px" },
  );
  seen.observe(element);
}
