"use strict";
// The page itself: state, what is drawn when, and the parts put together.

const SPEEDS = [0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200];
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

/** @typedef {{name: string, colour: string, kind?: "who" | "class"}} Class */

class App {
  constructor() {
    /** @type {Picture[]} */
    this.pictures = basePictures.slice();
    /** @type {Picture | null} */
    this.a = null;
    /** @type {Picture | null} */
    this.b = null;
    /** @type {Relation | null} */
    this.rel = null;
    /** @type {Side[]} */
    this.sides = [];
    this.t = duration * 0.5;
    this.playing = false;
    const natural = duration / 120;
    const near = SPEEDS.reduce(
      (best, s) => (Math.abs(Math.log(s / natural)) < Math.abs(Math.log(best / natural)) ? s : best),
      1,
    );
    const at = SPEEDS.indexOf(near);
    this.speeds = SPEEDS.slice(Math.max(0, at - 1), at + 2);
    this.speed = near;
    this.swipe = 0.5;
    this.colour = isOperator && this.pictures.length > 1 ? "who" : isOperator ? "status" : "may";
    this.knew = false;
    this.layers = {
      tails: true,
      leaders: true,
      ellipses: false,
      ghosts: false,
      detections: false,
      points: false,
      zones: true,
      sensors: false,
      basemap: true,
    };
    /** @type {Class[]} */
    this.classes = [];
    /** @type {Picture | null} */
    this.selected = null;
    this.k = -1;
    this.tab = "pictures";
    /** @type {string | null} */
    this.lifted = null;
    this.moved = false;
    this.ready = false;
    this.changed = true;
    this.baseChanged = true;
    this.drawnVersion = -1;
    /** Script time of the last frames, in ms; and the times between them. @type {number[]} */
    this.costs = [];
    /** @type {number[]} */
    this.between = [];
    this.layer = new TrackLayer();
    this.detections = doc.detections && isOperator ? new DetectionLayer(doc.detections) : null;
    this.basemap = null;
    /** @type {Map<Picture, any>} */
    this.minor = new Map();
    /** @type {Map<Picture, any>} */
    this.angle = new Map();
    this.chosen = 0;
    this.ratio = 1;
    this.waiting = false;
    this.rowsSwipe = NaN;
    /** @type {number | undefined} */
    this.lastFrame = undefined;
    /** @type {any} */
    this.hashTimer = 0;
    /** @type {any} */
    this.before = null;
    /** Elements, made in buildPage(). @type {Record<string, any>} */
    this.chips = {};
    /** @type {Record<string, any>} */
    this.panels = {};
    this.base = /** @type {any} */ (null);
    this.rowsCanvas = /** @type {any} */ (null);
    this.canvas = /** @type {any} */ (null);
    this.handle = /** @type {any} */ (null);
    this.bar = /** @type {any} */ (null);
    this.sidesBar = /** @type {any} */ (null);
    this.legend = this.legendTitle = this.legendRows = /** @type {any} */ (null);
    this.late = /** @type {any} */ (null);
    this.lateKey = "";
    this.toast = this.ruleBox = /** @type {any} */ (null);
    /** @type {any} */
    this.toastTimer = 0;
    this.scale = /** @type {any} */ (null);
    this.note = /** @type {any} */ (null);
    this.lifting = /** @type {any} */ (null);
    this.tip = /** @type {any} */ (null);
    this.card = /** @type {any} */ (null);
    this.map = /** @type {any} */ (null);
    this.playButton = /** @type {any} */ (null);
    this.clock = /** @type {any} */ (null);
    this.speedBox = /** @type {any} */ (null);
    this.tabs = /** @type {any} */ (null);
    this.helpBox = /** @type {any} */ (null);
    this.footer = /** @type {any} */ (null);
    this.findPictures = /** @type {any} */ (null);
    this.timeline = new Timeline(
      (t) => this.seek(t, true),
      (k) => this.a && this.select(this.a, k),
    );
    this.story = new Story(this);
    this.lastWords = 0;
    this.lastHash = 0;
  }

  // ---- building ----

  // ---- choosing ----

  /** @param {Picture | null} a @param {Picture | null} b */
  async choose(a, b) {
    const turn = ++this.chosen;
    if (a && b && a === b && this.a && this.b) {
      // The one that is named anew wins; the other side takes its place.
      if (a === this.b) [a, b] = [this.b, this.a];
      else if (b === this.a) [a, b] = [this.b, this.a];
    }
    if (!a) return;
    await Promise.all([a.ready(), b?.ready()]);
    const rel = b ? await relation(a, b) : null;
    if (turn !== this.chosen) return;
    [this.a, this.b, this.rel] = [a, b, rel];
    this.sides = [new Side(a, "A")];
    if (b && rel) {
      this.sides.push(new Side(b, "B"));
      this.sides[0].twins = rel.toB;
      this.sides[1].twins = rel.toA;
    }
    this.readEllipses();
    await classify(this);
    this.timeline.prepare(a, b, rel);
    if (!this.ready || turn === 1) this.t = this.timeline.busy(this.t);
    fillChips(this);
    this.markSides();
    this.setSwipe(this.swipe);
    this.repaint();
  }

  /** The pair that a page opens with: most rows, and the one that differs most from it. */
  async opening() {
    const full = this.pictures.filter((p) => p.n).sort((x, y) => y.n - x.n);
    const a = full[0] ?? this.pictures[0] ?? null;
    if (!isOperator || this.pictures.length < 2) return [a, null];
    const differs = (/** @type {Picture} */ p) => {
      const bar = accountOf(p.partner)?.rows;
      const coarse = bar?.total ? (bar.parts.find((x) => x.kind === "coarse")?.count ?? 0) / p.n : 0;
      return coarse + Math.abs(1 - p.n / Math.max(1, a.n)) * 0.5;
    };
    const rest = full.slice(1).sort((x, y) => differs(y) - differs(x));
    return [a, rest[0] ?? this.pictures.find((p) => p !== a) ?? null];
  }

  /** @param {string | null} rule @param {boolean} [quiet] */
  async lift(rule, quiet) {
    const lift = (doc.prices?.lifts ?? []).find((/** @type {any} */ l) => l.rule === rule);
    this.lifted = lift ? lift.rule : null;
    for (const box of document.querySelectorAll("input[data-lift]"))
      /** @type {HTMLInputElement} */ (box).checked = /** @type {HTMLElement} */ (box).dataset.lift === this.lifted;
    if (lift && !lift.made) lift.made = lift.pictures.map(liftedPicture);
    const [a, b] = [this.a?.partner, this.b?.partner];
    this.pictures = basePictures.map(
      (p) => lift?.made.find((/** @type {Picture} */ q) => q.partner === p.partner) ?? p,
    );
    this.select(null, -1);
    this.lifting.hidden = !lift;
    fill(this.lifting, lift ? h("span", null, "as if: ", rich(lift.title ?? lift.rule, true)) : "");
    const of = (/** @type {string | undefined} */ name) => this.pictures.find((p) => p.partner === name) ?? null;
    this.findPictures?.();
    const changed = lift?.made[0]?.partner;
    if (a) await this.choose(of(a), changed && changed !== a && !quiet ? of(changed) : of(b));
  }

  /** @param {"a" | "b"} which */
  nextPartner(which) {
    if (!this.b || this.pictures.length < 2) return;
    const at = this.pictures.indexOf(/** @type {Picture} */ (this[which]));
    const other = which === "a" ? this.b : this.a;
    for (let step = 1; step <= this.pictures.length; step++) {
      const next = this.pictures[(at + step) % this.pictures.length];
      if (next === other) continue;
      this.choose(which === "a" ? next : this.a, which === "b" ? next : this.b);
      return;
    }
  }

  markSides() {
    for (const button of document.querySelectorAll("button.side")) {
      const el = /** @type {HTMLElement} */ (button);
      const mine = el.classList.contains("a") ? this.a : this.b;
      el.setAttribute("aria-pressed", String(mine?.partner === el.dataset.partner));
    }
    for (const el of document.querySelectorAll("[data-holder]")) {
      const name = /** @type {HTMLElement} */ (el).dataset.holder;
      el.classList.toggle("of-a", this.b !== null && name === this.a?.partner);
      el.classList.toggle("of-b", this.b !== null && name === this.b?.partner);
    }
  }

  // ---- acting ----

  /** @param {boolean} on */
  play(on) {
    this.playing = on && duration > 0;
    this.playButton.setAttribute("aria-label", this.playing ? "Pause" : "Play");
    this.playButton.classList.toggle("on", this.playing);
    this.dirty();
    writeHash(this);
  }

  /** @param {number} t @param {boolean} [byHand] */
  seek(t, byHand) {
    this.t = Math.max(0, Math.min(duration, t));
    if (byHand && this.playing) this.play(false);
    this.lastWords = 0;
    this.dirty();
  }

  /** @param {number} speed */
  setSpeed(speed) {
    this.speed = speed;
    this.dirty();
  }

  /** @param {number} part */
  setSwipe(part) {
    this.swipe = Math.max(0, Math.min(1, part));
    this.bar.hidden = this.sidesBar.hidden = !this.b;
    this.placeSwipe();
    this.lastWords = 0;
    this.dirty();
  }

  placeSwipe() {
    const x = this.swipe * view.width;
    const percent = Math.round(this.swipe * 100);
    this.bar.style.transform = `translateX(${x}px)`;
    this.handle.setAttribute("aria-valuenow", String(percent));
    this.handle.setAttribute(
      "aria-valuetext",
      `${this.a?.partner ?? ""} ${percent} %, ${this.b?.partner ?? ""} ${100 - percent} %`,
    );
    const isLifted = (/** @type {Picture | null} */ pic) => pic !== null && !basePictures.includes(pic);
    this.lifting.style.left = `${isLifted(this.b) && !isLifted(this.a) ? x : 0}px`;
    this.lifting.style.right = `${isLifted(this.a) && !isLifted(this.b) && this.b ? view.width - x : 0}px`;
    for (const which of /** @type {("a" | "b")[]} */ (["a", "b"])) {
      const chip = this.chips[which];
      if (chip.hidden) continue;
      const room = which === "a" ? x : view.width - x;
      chip.style.maxWidth = `${Math.max(90, room - 14)}px`;
      const wide = chip.offsetWidth;
      const at = which === "a" ? Math.max(4, x - wide - 8) : Math.min(view.width - wide - 4, x + 8);
      chip.style.transform = `translateX(${at}px)`;
      chip.style.visibility = room < 90 ? "hidden" : "";
    }
  }

  /** @param {string} mode */
  async setColour(mode) {
    this.colour = mode;
    await classify(this);
    buildLayers(this);
    this.repaint();
  }

  /** @param {any} knew */
  setClock(knew) {
    this.knew = knew;
    buildLayers(this);
    this.lastWords = 0;
    this.dirty();
  }

  /** @param {string} name */
  toggle(name) {
    const layers = /** @type {any} */ (this.layers);
    layers[name] = !layers[name];
    this.layersChanged();
  }

  layersChanged() {
    if (this.layers.detections) this.detections?.ready().then(() => this.dirty());
    this.readEllipses();
    buildLayers(this);
    this.repaint();
  }

  /** What ellipses of both sides need, where they are wanted. */
  readEllipses() {
    if (!this.layers.ellipses) return;
    for (const { pic } of this.sides) {
      Promise.all([pic.column("minor"), pic.column("angle")]).then(([minor, angle]) => {
        this.minor.set(pic, minor);
        this.angle.set(pic, angle);
        this.dirty();
      });
    }
  }

  /** @param {number} factor */
  zoom(factor) {
    view.zoom(factor);
    this.moved = true;
    this.dirty();
  }

  fit() {
    view.fit();
    this.moved = false;
    this.dirty();
  }

  /** @param {Picture | null} pic @param {number} k */
  select(pic, k) {
    if (!pic || k < 0) {
      this.selected = null;
      this.k = -1;
      this.story.clear();
      listTracks(this);
      this.dirty();
      return;
    }
    this.selected = pic;
    this.k = k;
    fill(this.panels.track, this.story.root);
    fill(this.story.root, h("p", { class: "caption" }, "reading …"));
    this.showTab("track");
    this.story.show(pic, k).then(() => this.dirty());
    this.dirty();
  }

  /** @param {Picture} pic @param {number} k @param {number} t */
  async goTo(pic, k, t) {
    if (pic !== this.a && pic !== this.b) await this.choose(pic, this.b === pic ? this.a : this.b);
    this.seek(t, true);
    this.select(pic, k);
    this.toMap();
  }

  toMap() {
    document.documentElement.scrollTo({ top: 0, behavior: still ? "auto" : "smooth" });
  }

  centre() {
    const { selected, k } = this;
    if (!selected) return;
    const row = Math.max(selected.start[k], selected.rowAt(k, this.t));
    view.cx = selected.x[row];
    view.cy = selected.y[row];
    view.zoom(1);
    this.moved = true;
    this.dirty();
  }

  /** @param {number} step */
  nextTrack(step) {
    const side = this.sides.find((s) => s.pic === this.selected) ?? this.sides[0];
    if (!side) return;
    side.alive.collect(side, this.t, this.knew);
    const list = Array.from(side.alive.track.subarray(0, side.alive.n)).sort((x, y) => x - y);
    if (!list.length) return;
    const at = list.indexOf(this.k);
    this.select(side.pic, list[(at + step + list.length) % list.length] ?? list[0]);
  }

  /** The track under a point. @param {number} x @param {number} y @param {number} reach */
  under(x, y, reach) {
    const side = !this.b || x < this.swipe * view.width ? this.sides[0] : this.sides[1];
    if (!side) return null;
    let [best, found] = [reach, -1];
    const { alive } = side;
    for (let i = 0; i < alive.n; i++) {
      const d = Math.hypot(alive.x[i] - x, alive.y[i] - y);
      if (d < best) [best, found] = [d, i];
    }
    return found < 0
      ? null
      : { side, k: alive.track[found], x: alive.x[found], y: alive.y[found], row: alive.row[found] };
  }

  /** @param {number} x @param {number} y */
  pick(x, y) {
    const found = this.under(x, y, 18);
    this.select(found?.side.pic ?? null, found?.k ?? -1);
  }

  /** @param {number} x @param {number} y */
  hover(x, y) {
    const found = x < 0 ? null : this.under(x, y, 14);
    this.map.style.cursor = found ? "pointer" : "";
    this.tip.hidden = !found;
    if (!found) return;
    const { pic } = found.side;
    fill(this.tip, h("b", null, `#${found.k + 1}`), ` ${rowText(pic, found.row)}`);
    this.tip.style.left = `${Math.max(60, Math.min(view.width - 60, found.x))}px`;
    this.tip.style.top = `${found.y - 16}px`;
  }

  /** @param {string} id */
  showTab(id) {
    if (!(id in this.panels)) return;
    this.tab = id;
    for (const tab of /** @type {any[]} */ (this.tabs)) {
      tab.setAttribute("aria-selected", String(tab.id === `tab-${id}`));
      tab.tabIndex = tab.id === `tab-${id}` ? 0 : -1;
    }
    for (const [name, panel] of Object.entries(this.panels)) panel.hidden = name !== id;
    if (id === "track") this.selected ? this.story.draw() : listTracks(this);
  }

  /** Says for a while what a click has changed elsewhere. @param {string} text @param {boolean} [isOnMap] */
  say(text, isOnMap) {
    const { top, bottom, height } = this.map.getBoundingClientRect();
    const away = isOnMap && Math.min(bottom, innerHeight) - Math.max(top, 0) < height / 2;
    fill(
      this.toast,
      h("span", null, text),
      away ? h("button", { type: "button", class: "small", onclick: () => this.toMap() }, "To the map") : null,
      h(
        "button",
        { type: "button", class: "small", "aria-label": "Close", onclick: () => (this.toast.hidden = true) },
        "×",
      ),
    );
    this.toast.hidden = false;
    clearTimeout(this.toastTimer);
    this.toastTimer = setTimeout(() => (this.toast.hidden = true), 9000);
  }

  flipTheme() {
    const dark = document.documentElement.dataset.theme
      ? document.documentElement.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    setTheme(this, dark ? "light" : "dark");
    writeHash(this);
  }

  help() {
    if (this.helpBox.open) return this.helpBox.close();
    this.helpBox.showModal();
    // The button at its end has the focus, and would be scrolled to.
    this.helpBox.scrollTop = 0;
  }

  // ---- drawing ----

  dirty() {
    this.changed = true;
    if (!this.waiting) {
      this.waiting = true;
      requestAnimationFrame((now) => this.frame(now));
    }
  }

  repaint() {
    this.baseChanged = true;
    if (!this.ready) return;
    this.timeline.draw();
    this.story.build();
    for (const chart of charts) chart();
    classify(this).then(() => this.dirty());
    this.lastWords = 0;
    this.dirty();
  }

  resize() {
    const box = this.map.getBoundingClientRect();
    if (!box.width || !box.height) return;
    const [width, height] = [Math.round(box.width), Math.round(box.height)];
    const ratio = Math.min(2, devicePixelRatio || 1) * (document.documentElement.dataset.print ? 1.5 : 1);
    this.ratio = ratio;
    for (const canvas of [this.base, this.rowsCanvas, this.canvas]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const first = !this.moved;
    view.resize(width, height);
    if (first) view.fit();
    this.placeSwipe();
    this.baseChanged = true;
    this.dirty();
  }

  /** @param {number} now */
  frame(now) {
    this.waiting = false;
    const passed = Math.min(0.25, (now - (this.lastFrame ?? now)) / 1000);
    if (this.lastFrame) {
      this.between.push(now - this.lastFrame);
      if (this.between.length > 300) this.between.shift();
    }
    this.lastFrame = this.playing ? now : undefined;
    if (this.playing) {
      this.t += passed * this.speed;
      if (this.t > duration) this.t = 0;
      this.changed = true;
    }
    if (this.changed) {
      const start = performance.now();
      this.render();
      this.costs.push(performance.now() - start);
      if (this.costs.length > 300) this.costs.shift();
    }
    if (this.playing) this.dirty();
  }

  render() {
    this.changed = false;
    if (!this.ready) return;
    const now = performance.now();
    const moved = view.version !== this.drawnVersion || this.baseChanged;
    if (moved) thinned.clear();
    else for (const text of thinned) if (!text.includes("points drawn")) thinned.delete(text);
    const ratio = this.ratio ?? 1;
    const begin = (/** @type {any} */ canvas) => {
      const to = canvas.getContext("2d");
      to.setTransform(ratio, 0, 0, ratio, 0, 0);
      to.clearRect(0, 0, view.width, view.height);
      return to;
    };
    const bar = this.b ? this.swipe * view.width : view.width;
    const colours = this.classes.map((c) => c.colour);
    if (moved) {
      const to = begin(this.base);
      to.fillStyle = ink.land;
      to.fillRect(0, 0, view.width, view.height);
      if (this.layers.basemap) {
        this.basemap?.draw(to, ratio);
        to.setTransform(ratio, 0, 0, ratio, 0, 0);
        drawGrid(to);
      }
      if (this.layers.sensors) drawSensors(to);
      if (this.layers.zones) drawZones(to, this.a?.partner ?? "", this.b?.partner ?? "");
      if (this.layers.basemap) this.basemap?.names(to);
      this.drawScale();
    }
    if (moved || (this.layers.points && this.rowsSwipe !== this.swipe)) {
      const to = begin(this.rowsCanvas);
      this.rowsSwipe = this.swipe;
      if (this.layers.points)
        this.sides.forEach((side, at) => this.layer.rows(to, side, at ? bar : 0, at ? view.width : bar, colours));
    }
    this.drawnVersion = view.version;
    this.baseChanged = false;
    const to = begin(this.canvas);
    for (const side of this.sides) side.alive.collect(side, this.t, this.knew);
    if (this.layers.detections) this.detections?.draw(to, this.t, 6 * (this.a?.step ?? 10), this.layer);
    const options = {
      ...this.layers,
      knew: this.knew,
      who: this.colour === "who" && this.b,
      tail: { length: 0, every: 1 },
      minor: this.minor,
      angle: this.angle,
    };
    this.sides.forEach((side, at) => this.layer.look(side, at ? bar : 0, at ? view.width : bar));
    if (this.layers.tails) options.tail = this.layer.plan(this.sides);
    this.sides.forEach((side, at) => {
      const [left, right] = [at ? bar : 0, at ? view.width : bar];
      if (this.layers.ghosts && this.b)
        this.layer.ghosts(to, side, this.sides[1 - at], left, right, at ? ink.A : ink.B);
      this.layer.draw(to, side, this.t, left, right, options, colours);
    });
    this.layer.flush(to);
    if (this.selected && this.panels.track.matches(":hover")) {
      // Who reads the story sees its track above all others.
      to.globalCompositeOperation = "destination-out";
      to.fillStyle = "rgba(0, 0, 0, 0.5)";
      to.fillRect(0, 0, view.width, view.height);
      to.globalCompositeOperation = "source-over";
    }
    if (this.selected) this.drawSelected(to, bar);
    this.timeline.point(this.t);
    this.clock.textContent = clockText(this.t);
    if (now - this.lastWords > (this.playing ? 250 : 0)) {
      this.lastWords = now;
      tell(this);
    }
    if (now - this.lastHash > 1000 || !this.playing) {
      this.lastHash = now;
      clearTimeout(this.hashTimer);
      this.hashTimer = setTimeout(() => writeHash(this), 150);
    }
  }

  /** @param {CanvasRenderingContext2D} to @param {number} bar */
  drawSelected(to, bar) {
    const at = this.sides.findIndex((s) => s.pic === this.selected);
    const other = this.sides[1 - at];
    if (at < 0) return;
    const draw = (
      /** @type {Side} */ side,
      /** @type {number} */ k,
      /** @type {number} */ place,
      /** @type {any} */ extra,
    ) => {
      to.save();
      if (this.b) {
        to.beginPath();
        to.rect(place ? bar : 0, 0, place ? view.width - bar : bar, view.height);
        to.clip();
      }
      this.layer.selected(to, side, k, extra);
      const { alive } = side;
      const own = side.seen.filter((i) => alive.track[i] === k);
      this.layer.symbols(
        to,
        side,
        own,
        { ...this.layers, ellipses: false },
        this.classes.map((c) => c.colour),
      );
      to.restore();
    };
    const extra = this.story.extra.label ? this.story.extra : { label: () => [`#${this.k + 1}`] };
    draw(this.sides[at], this.k, at, extra);
    if (!other || !this.rel) return;
    const twins = this.sides[at].twins;
    const row = this.sides[at].pic.rowAt(this.k, this.t);
    const twin = row >= 0 && twins ? twins[row] : -1;
    if (twin >= 0) {
      const m = other.pic.trackOf(twin);
      draw(other, m, 1 - at, { label: () => [`#${m + 1}`] });
    }
  }

  drawScale() {
    const { text, width } = scaleBar();
    fill(this.scale, h("span", null, text), h("span", { class: "rod", style: `width:${width.toFixed(1)}px` }));
  }

  // ---- opening ----

  async open() {
    const hash = readHash();
    if (hash.theme === "dark" || hash.theme === "light") document.documentElement.dataset.theme = hash.theme;
    readInk();
    buildPage(this);
    await turn();
    const xs = [];
    const ys = [];
    for (const pic of this.pictures
      .filter((p) => p.n)
      .sort((p, q) => q.n - p.n)
      .slice(0, 12)) {
      await pic.open();
      xs.push((await pic.column(isLocal ? "x" : "longitude")).slice());
      ys.push((await pic.column(isLocal ? "y" : "latitude")).slice());
    }
    const flat = (/** @type {Float64Array[]} */ lists) => {
      const out = new Float64Array(lists.reduce((n, l) => n + l.length, 0));
      let at = 0;
      for (const list of lists) {
        out.set(list, at);
        at += list.length;
      }
      return out;
    };
    view.anchor(flat(xs), flat(ys));
    if (doc.basemap && !isLocal) this.basemap = new Basemap(doc.basemap);
    this.resize();
    const [a, b] = await this.opening();
    document.querySelector(".wait")?.remove();
    if (!a || this.pictures.every((p) => !p.n)) tellEmpty(this);
    this.ready = true;
    await this.choose(a, b);
    buildLayers(this);
    explainFirst();
    if (!still && duration > 0) this.play(true);
    await applyHash(this, hash);
    document.documentElement.dataset.ready = "1";
    this.dirty();
  }
}

const app = new App();
/** For tests, and for the curious. */
Object.assign(window, { trackweave: app, trackweaveView: view });
app.open().catch((error) => {
  const box = h(
    "p",
    { class: "section failed", role: "alert" },
    `The page could not be drawn: ${error?.message ?? error}. The summary above and the files beside it are whole.`,
  );
  byId("app").prepend(box);
  console.error(error);
});
