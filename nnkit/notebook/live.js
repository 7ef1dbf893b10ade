// The live view of a training run: what arrives from the kernel, how it is drawn, what a person clicks.
//
// Everything travels as custom messages (see panel.py). Only new points arrive; each says where it belongs, so that a
// message that comes twice, or to a second page, does no harm. Whoever missed something asks for everything ("sync").

const VIRIDIS = [
  [68, 1, 84], [72, 40, 120], [62, 74, 137], [49, 104, 142], [38, 130, 142],
  [31, 158, 137], [53, 183, 121], [110, 206, 88], [181, 222, 43], [253, 231, 37],
];
const FLOW = ["grad", "ratio", "dead"];
const VALIDATION = /^(val|valid|validation|test)[_/]/;
const TRAINING = /^train(ing)?[_/]/;
const STATUS = {
  running: "Training", paused: "Paused", finished: "Finished",
  stopped: "Stopped", interrupted: "Interrupted", failed: "Failed",
};
const ICONS = {
  pause: "M4 3h3v10H4zM9 3h3v10H9z",
  resume: "M4 2.5v11l9-5.5z",
  step: "M3 2.5v11l7-5.5zM11 3h2v10h-2z",
  stop: "M3.5 3.5h9v9h-9z",
};
const SILENT = "The kernel of this run does not answer.";
const UNHEARD = 1500; // ms without an answer from the running kernel until the panel says so
const FLOW_HELP = `gradient norm: how much gradient reaches each layer (Euclidean norm)
update / weight: size of a step over size of the weights; about 0.001 (the line) is healthy
dead: share of the gradient's entries that are exactly 0`;
const UNACKNOWLEDGED = 500; // ms until a click without an acknowledgement is shown as waiting

// ---------------------------------------------------------------------------------------------- what is known

class Series {
  constructor() {
    this.length = 0;
    this.steps = new Int32Array(256);
    this.values = new Float32Array(256);
  }

  write(start, steps, values) {
    const length = start + steps.length;
    if (length > this.steps.length) {
      const capacity = Math.max(length, 2 * this.steps.length);
      const [oldSteps, oldValues] = [this.steps, this.values];
      (this.steps = new Int32Array(capacity)).set(oldSteps);
      (this.values = new Float32Array(capacity)).set(oldValues);
    }
    this.steps.set(steps, start);
    this.values.set(values, start);
    this.length = length;
  }

  /** The position of the last point at or before `step`, -1 if there is none. */
  before(step) {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.steps[middle] <= step) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  at(step) {
    const position = step === null ? this.length - 1 : this.before(step);
    return position < 0 ? NaN : this.values[position];
  }
}

class Store {
  constructor() {
    this.series = new Map();
    this.names = [];
    this.events = [];
    this.setup = null;
    this.state = null;
    this.views = new Set();
    this.pending = new Map();
    this.clicks = 0;
    this.firstWord = this.lastWord = 0;
    this.asked = 0;
  }

  connect(model) {
    this.model = model;
    model.on("msg:custom", (message, buffers) => this.receive(message, buffers));
    this.send({ type: "sync" });
  }

  send(content) {
    try {
      this.model.send(content);
    } catch {
      // The kernel is gone; the age of its last word is shown.
    }
  }

  receive(message, buffers) {
    this.lastWord = Date.now();
    if (message.type === "news") this.news(message, buffers);
    else if (message.type === "ack") this.acknowledge(message);
    else if (message.type === "end") for (const view of this.views) view.stay(message.picture);
    for (const view of this.views) view.changed();
  }

  news(message, buffers) {
    if (message.setup) this.setup = message.setup;
    if (message.names) this.names = message.names;
    const bytes = buffers?.[0] ?? new DataView(new ArrayBuffer(0));
    // Copied, because a view on 4-byte numbers must begin at a multiple of 4 and a part of a message need not.
    const raw = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    let offset = 0;
    let missing = !this.setup || message.events_from > this.events.length;
    for (const [index, start, count] of message.series) {
      const steps = new Int32Array(raw, offset, count);
      const values = new Float32Array(raw, offset + 4 * count, count);
      offset += 8 * count;
      const name = this.names[index];
      if (!this.series.has(name)) this.series.set(name, new Series());
      const series = this.series.get(name);
      if (start > series.length || name === undefined) missing = true;
      else series.write(start, steps, values);
    }
    if (message.events_from <= this.events.length) {
      this.events.splice(message.events_from, Infinity, ...message.events);
    }
    this.state = message.state;
    this.firstWord ||= this.lastWord;
    const mute = !this.state.heard && this.state.active;
    if ((missing || mute) && Date.now() - this.asked > 1000) {
      this.asked = Date.now();
      this.send({ type: missing ? "sync" : "pong" });
    }
  }

  /** Send what a person asked for; the returned number is acknowledged by the kernel. */
  control(action, value) {
    const id = (this.clicks += 1);
    this.pending.set(id, { action, at: Date.now() });
    this.send({ type: "control", id, action, value });
    setTimeout(() => this.views.forEach((view) => view.changed()), UNACKNOWLEDGED + 20);
    this.views.forEach((view) => view.changed());
    return id;
  }

  acknowledge({ id, error }) {
    for (const known of [...this.pending.keys()]) if (known <= id) this.pending.delete(known);
    this.refusal = error ?? "";
  }

  waitingFor(action) {
    const late = Date.now() - UNACKNOWLEDGED;
    return [...this.pending.values()].some((click) => click.action === action && click.at <= late);
  }

  get active() {
    return Boolean(this.state?.active);
  }

  get unheard() {
    return this.active && !this.state.heard && Date.now() - this.firstWord > UNHEARD;
  }

  /** What a person did or what befell the run, in words, by step. */
  interventions() {
    const marks = new Map();
    for (const event of this.events) {
      if (event.kind === "resume" || event.kind === "step") continue;
      const before = marks.get(event.step);
      marks.set(event.step, before ? `${before}, ${wordsOf(event)}` : wordsOf(event));
    }
    return marks;
  }

  /** The words of interventions close to a step. */
  near(step) {
    const [first, last] = this.range();
    const close = ([at]) => Math.abs(at - step) <= (last - first) / 150;
    return [...this.interventions()].filter(close).map(([, words]) => words);
  }

  /** First and last step on the shared time axis. */
  range() {
    const first = this.setup?.first_step ?? 0;
    let low = Infinity;
    let high = -Infinity;
    for (const { steps, length } of this.series.values()) {
      if (!length) continue;
      low = Math.min(low, steps[0]);
      high = Math.max(high, steps[length - 1]);
    }
    if (low > high) return [first, first + 1];
    return low === high ? [low - 1, high] : [low, high];
  }

  /** Curves by the quantity they show: {loss: [{name, validation}, ...], ...}. */
  quantities() {
    const groups = new Map();
    for (const name of this.names) {
      if (FLOW.includes(name.split("/", 1)[0]) && name.includes("/")) continue;
      const validation = VALIDATION.test(name);
      const quantity = name.replace(validation ? VALIDATION : TRAINING, "");
      if (!groups.has(quantity)) groups.set(quantity, []);
      groups.get(quantity).push({ name, validation });
    }
    return groups;
  }
}

// ---------------------------------------------------------------------------------------------- numbers in words

function short(value, digits = 4) {
  if (Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) {
    return value.toExponential(size < 1e-3 ? 1 : 2).replace("e+", "e");
  }
  return String(Number(value.toPrecision(digits)));
}

function grouped(count) {
  return Math.round(count).toString().replace(/\B(?=(\d{3})+$)/g, "\u2009");
}

function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 60) % 60, whole % 60].map((n) => String(n).padStart(2, "0"));
  const hours = Math.floor(whole / 3600);
  return hours ? `${hours}:${parts.join(":")}` : `${Number(parts[0])}:${parts[1]}`;
}

function wordsOf({ kind, details }) {
  if (kind === "lr") return `lr ${short(details.old)} → ${short(details.new)}`;
  if (kind === "failed") return `failed: ${details.error}`;
  return kind;
}

/** About `count` round numbers from `low` to `high`. */
function ticks(low, high, count) {
  const rough = (high - low) / Math.max(count, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const unit = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.9);
  const found = [];
  for (let k = Math.ceil(low / unit - 1e-9); k * unit <= high + unit * 1e-9; k += 1) {
    found.push(Number((k * unit).toPrecision(12)));
  }
  return found;
}

function logTicks(low, high) {
  const [first, last] = [Math.ceil(low - 1e-9), Math.floor(high + 1e-9)];
  if (last - first < 1) return ticks(10 ** low, 10 ** high, 4).filter((value) => value > 0);
  const stride = Math.ceil((last - first + 1) / 6);
  const found = [];
  for (let k = first; k <= last; k += stride) found.push(10 ** k);
  return found;
}

// ---------------------------------------------------------------------------------------------- small DOM helpers

function element(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

/** An element that takes keys for itself: without the mark Jupyter acts on them as well. */
function control(tag, className, properties, ...children) {
  const node = Object.assign(element(tag, className, ...children), properties);
  node.dataset.lmSuppressShortcuts = "true";
  return node;
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS("http://www.w3.org/2000/svg", "path"));
  svg.firstChild.setAttribute("d", ICONS[name]);
  return svg;
}

function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// ---------------------------------------------------------------------------------------------- pictures

/** A canvas as wide as its place, sharp on every screen, drawn only while it can be seen. */
class Picture {
  constructor(view) {
    this.view = view;
    this.store = view.store;
    this.canvas = element("canvas");
    this.canvas.addEventListener("pointermove", (event) => {
      this.point(event.offsetX, event.offsetY);
    });
    this.canvas.addEventListener("pointerleave", () => view.hover(null));
  }

  paint(colors) {
    this.width = this.canvas.clientWidth;
    if (!this.width) return;
    this.height = this.heightFor(this.width);
    const scale = window.devicePixelRatio || 1;
    const [w, h] = [Math.round(this.width * scale), Math.round(this.height * scale)];
    if (this.canvas.width !== w || this.canvas.height !== h) {
      this.canvas.style.height = `${this.height}px`;
      this.canvas.width = w;
      this.canvas.height = h;
    }
    const context = this.canvas.getContext("2d");
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    context.font = `11px ${colors.font}`;
    context.lineJoin = "round";
    this.draw(context, colors);
  }

  /** Set the horizontal place of the time axis, and point at the step under the pointer. */
  axis(left, right) {
    [this.left, this.right] = [left, right];
    const [first, last] = this.store.range();
    this.x = (step) => left + ((step - first) / (last - first)) * (right - left);
    this.stepAt = (x) => Math.round(first + ((x - left) / (right - left)) * (last - first));
  }

  point(x) {
    if (!this.x) return;
    this.view.hover(x < this.left - 4 || x > this.right + 4 ? null : this.stepAt(x));
  }

  crosshair(context, colors, top, bottom) {
    const step = this.view.hovered;
    if (step === null) return;
    const x = Math.round(this.x(step)) + 0.5;
    context.strokeStyle = colors.text;
    context.globalAlpha = 0.5;
    context.lineWidth = 1;
    line(context, x, top, x, bottom);
    context.globalAlpha = 1;
  }

  stepAxis(context, colors, y) {
    const [first, last] = this.store.range();
    context.fillStyle = colors.muted;
    context.textBaseline = "top";
    const marks = ticks(first, last, Math.max(3, (this.right - this.left) / 75));
    for (const step of marks.filter(Number.isInteger)) {
      const x = this.x(step);
      context.textAlign = x > this.right - 14 ? "right" : "center";
      context.fillText(grouped(step), x, y + 4);
    }
  }
}

function line(context, x0, y0, x1, y1) {
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}

/** The curves of one quantity, training solid and validation dashed. */
class Chart extends Picture {
  constructor(view, quantity, hue) {
    super(view);
    this.quantity = quantity;
    this.hue = hue;
    this.log = false;
    this.legend = element("div", "nnkit-legend");
    const properties = { type: "button", title: "Logarithmic scale" };
    this.toggle = control("button", "nnkit-toggle", properties, "log");
    this.toggle.setAttribute("aria-label", `${quantity}: logarithmic scale`);
    this.toggle.addEventListener("click", () => {
      this.log = !this.log;
      view.changed();
    });
    const title = element("span", "nnkit-title", quantity);
    const head = element("div", "nnkit-head", title, this.legend, this.toggle);
    this.root = element("div", "nnkit-chart", head, this.canvas);
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", `${quantity} over the steps`);
  }

  heightFor() {
    return 190;
  }

  draw(context, colors) {
    this.toggle.setAttribute("aria-pressed", String(this.log));
    const bottom = this.height - 20;
    this.axis(46, this.width - 8);
    const marks = this.arranged(context);
    const top = marks.some(({ line }) => line) ? 29 : 16;
    const curves = this.store.quantities().get(this.quantity).map((curve, index) => ({
      ...curve,
      color: colors.curves[(this.hue + Math.floor(index / 2)) % colors.curves.length],
      series: this.store.series.get(curve.name) ?? new Series(),
    }));
    for (const curve of curves) Object.assign(curve, this.thin(curve.series));
    this.scale(curves, top, bottom);
    this.grid(context, colors, bottom);
    this.interventions(context, colors, marks, top, bottom);
    context.save();
    context.beginPath();
    context.rect(this.left - 2, top - 2, this.right - this.left + 4, bottom - top + 4);
    context.clip();
    for (const curve of curves) this.curve(context, curve);
    for (const curve of curves) this.diverged(context, colors, curve, bottom);
    context.restore();
    this.crosshair(context, colors, top, bottom);
    this.readout(context, curves);
  }

  /** Bins of the points: `fine` no wider than a pixel (lowest, highest), `coarse` about six (mean). */
  thin(series) {
    const [first, last] = this.store.range();
    const perPixel = (last - first) / (this.right - this.left);
    // Widths are powers of two and bins begin at step 0, so that they stay put while the axis grows.
    const fineWidth = Math.max(1, 2 ** Math.floor(Math.log2(perPixel)));
    const coarseWidth = Math.max(1, 2 ** Math.round(Math.log2(6 * perPixel)));
    const fine = [];
    const coarse = [];
    let [fineBin, coarseBin] = [-1, -1];
    let [spot, mean] = [null, null];
    const { steps, values, length } = series;
    for (let i = 0; i < length; i += 1) {
      const [step, value] = [steps[i], values[i]];
      if (!Number.isFinite(value) || (this.log && value <= 0)) continue;
      if (Math.floor(step / fineWidth) !== fineBin) {
        fineBin = Math.floor(step / fineWidth);
        fine.push((spot = { step, low: value, high: value }));
      } else if (value < spot.low) spot.low = value;
      else if (value > spot.high) spot.high = value;
      if (Math.floor(step / coarseWidth) !== coarseBin) {
        coarseBin = Math.floor(step / coarseWidth);
        coarse.push((mean = { step: 0, value: 0, count: 0 }));
      }
      mean.step += step;
      mean.value += value;
      mean.count += 1;
    }
    return { fine, coarse };
  }

  scale(curves, top, bottom) {
    let low = Infinity;
    let high = -Infinity;
    for (const { fine } of curves) {
      for (const spot of fine) {
        if (spot.low < low) low = spot.low;
        if (spot.high > high) high = spot.high;
      }
    }
    if (low > high) [low, high] = this.log ? [0.1, 1] : [0, 1];
    if (this.log) [low, high] = [Math.log10(low), Math.log10(high)];
    if (high - low < 1e-12 * Math.max(1, Math.abs(high))) {
      const room = this.log ? 0.5 : Math.abs(high) / 2 || 0.5;
      [low, high] = [low - room, high + room];
    }
    const margin = 0.05 * (high - low);
    [this.low, this.high] = [low - margin, high + margin];
    const linear = (v) => bottom - ((v - this.low) / (this.high - this.low)) * (bottom - top);
    this.y = this.log ? (value) => linear(Math.log10(value)) : linear;
  }

  grid(context, colors, bottom) {
    const marks = this.log ? logTicks(this.low, this.high) : ticks(this.low, this.high, 6);
    context.lineWidth = 1;
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const mark of marks) {
      const y = Math.round(this.y(mark)) + 0.5;
      context.strokeStyle = colors.grid;
      line(context, this.left, y, this.right, y);
      context.fillStyle = colors.muted;
      context.fillText(short(mark), this.left - 6, y);
    }
    this.stepAxis(context, colors, bottom);
  }

  curve(context, { fine, coarse, series, color, validation }) {
    context.strokeStyle = context.fillStyle = color;
    if (coarse.length < fine.length) {
      context.globalAlpha = validation ? 0.2 : 0.28;
      context.lineWidth = 1;
      context.beginPath();
      for (const { step, low, high } of fine) {
        context.lineTo(this.x(step), this.y(high));
        if (low < high) context.lineTo(this.x(step), this.y(low));
      }
      context.stroke();
      context.globalAlpha = 1;
    }
    context.lineWidth = 1.75;
    context.setLineDash(validation ? [5, 3] : []);
    context.beginPath();
    for (const { step, value, count } of coarse) {
      context.lineTo(this.x(step / count), this.y(value / count));
    }
    context.stroke();
    context.setLineDash([]);
    if (series.length > 40 && coarse.length > 1) return;
    for (const { step, high } of fine) {
      context.beginPath();
      context.arc(this.x(step), this.y(high), 2.2, 0, 2 * Math.PI);
      context.fill();
    }
  }

  /** Mark at the lower edge where a value was not a finite number. */
  diverged(context, colors, { series }, bottom) {
    context.fillStyle = colors.bad;
    let last = -Infinity;
    for (let i = 0; i < series.length; i += 1) {
      if (Number.isFinite(series.values[i])) continue;
      const x = this.x(series.steps[i]);
      if (x - last < 3) continue;
      last = x;
      context.fillRect(x - 1, bottom - 6, 2, 6);
    }
  }

  /** Where the words of the interventions go: on one of two lines, or nowhere where it is full. */
  arranged(context) {
    const free = [-Infinity, -Infinity];
    return [...this.store.interventions()].map(([step, words]) => {
      const x = Math.round(this.x(step)) + 0.5;
      const width = context.measureText(words).width;
      const start = Math.min(Math.max(x - width / 2, this.left), this.right - width);
      const line = free.findIndex((end) => start >= end);
      if (line >= 0) free[line] = start + width + 8;
      return { x, words, start, line };
    });
  }

  interventions(context, colors, marks, top, bottom) {
    context.textAlign = "left";
    context.textBaseline = "bottom";
    context.lineWidth = 1;
    context.strokeStyle = context.fillStyle = colors.mark;
    for (const { x, words, start, line: place } of marks) {
      const above = top - 3 - 13 * place;
      context.setLineDash([2, 2]);
      line(context, x, place === 1 ? above : top, x, bottom);
      context.setLineDash([]);
      if (place >= 0) context.fillText(words, start, above);
    }
  }

  readout(context, curves) {
    const step = this.view.hovered;
    const parts = curves.map((curve) => {
      const position = step === null ? curve.series.length - 1 : curve.series.before(step);
      const value = position < 0 ? NaN : curve.series.values[position];
      if (step !== null && Number.isFinite(value) && (!this.log || value > 0)) {
        context.fillStyle = curve.color;
        context.beginPath();
        context.arc(this.x(curve.series.steps[position]), this.y(value), 3.2, 0, 2 * Math.PI);
        context.fill();
      }
      return { ...curve, value };
    });
    while (this.legend.children.length < parts.length) {
      this.legend.append(element("span", "nnkit-key", element("i"), element("span"), element("b")));
    }
    parts.forEach(({ name, validation, color, value }, index) => {
      const [swatch, label, number] = this.legend.children[index].children;
      swatch.style.borderTop = `2px ${validation ? "dashed" : "solid"} ${color}`;
      say(label, parts.length === 1 ? "" : name);
      say(number, short(value));
    });
  }
}

/** Gradient flow: for every layer the norm over time, and norm, update ratio and dead share of now. */
class Flow extends Picture {
  constructor(view) {
    super(view);
    this.image = document.createElement("canvas");
    this.root = element("div", "nnkit-flow", this.canvas);
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", "gradient flow of each layer");
  }

  get layers() {
    return this.store.names.filter((n) => n.startsWith("grad/")).map((n) => n.slice(5));
  }

  point(x, y) {
    super.point(x, y);
    this.canvas.title = y < 20 ? FLOW_HELP : "";
  }

  /** Where it is too narrow for both, the columns of now stand below the heat map. */
  heightFor(width) {
    const count = this.layers.length;
    this.row = Math.min(24, Math.max(7, Math.floor(330 / count)));
    this.narrow = width < 620;
    this.block = 22 + count * this.row + 20;
    return this.narrow ? 2 * this.block : this.block;
  }

  draw(context, colors) {
    const { layers, row, narrow, block } = this;
    const head = 22;
    const labels = layers.map((layer) => this.store.setup.labels[layer] ?? layer);
    const widest = Math.max(...labels.map((label) => context.measureText(label).width));
    const left = Math.min(Math.ceil(widest) + 12, this.width * 0.28);
    const bars = narrow ? this.width - left - 4 : Math.min(400, this.width * 0.42);
    const place = { layers, labels, row, head, left };
    this.axis(left, narrow ? this.width - 8 : this.width - bars - 20);
    this.heat(context, colors, place);
    const now = narrow
      ? { ...place, x: left, top: block, width: bars, named: true }
      : { ...place, x: this.right + 20, top: 0, width: bars, named: false };
    this.now(context, colors, now);
  }

  names(context, colors, { labels, row, head, left }, top) {
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.fillStyle = colors.text;
    const stride = Math.ceil(11 / row);
    labels.forEach((label, index) => {
      if (index % stride) return;
      let text = label;
      // the end of a path tells more than its beginning
      while (text.length > 2 && context.measureText(text).width > left - 8) text = `…${text.slice(2)}`;
      context.fillText(text, left - 8, top + head + (index + 0.5) * row);
    });
  }

  /** Lowest and highest power of ten of all norms, at least two apart. */
  span(layers) {
    let low = Infinity;
    let high = -Infinity;
    for (const layer of layers) {
      const { values, length } = this.store.series.get(`grad/${layer}`) ?? new Series();
      for (let i = 0; i < length; i += 1) {
        if (!(values[i] > 0) || values[i] === Infinity) continue;
        if (values[i] < low) low = values[i];
        if (values[i] > high) high = values[i];
      }
    }
    if (low > high) return [-3, 0];
    [low, high] = [Math.log10(low), Math.log10(high)];
    const room = Math.max(0, 2 - (high - low)) / 2;
    return [low - room, high + room];
  }

  heat(context, colors, place) {
    const { layers, row, head, left } = place;
    const [low, high] = (this.decades = this.span(layers));
    const width = Math.max(1, Math.round(this.right - left));
    this.image.width = width;
    this.image.height = layers.length;
    const pixels = new ImageData(width, layers.length);
    layers.forEach((layer, index) => {
      const series = this.store.series.get(`grad/${layer}`) ?? new Series();
      let position = -1;
      for (let column = 0; column < width; column += 1) {
        const step = this.stepAt(left + column + 0.5);
        while (position + 1 < series.length && series.steps[position + 1] <= step) position += 1;
        const color = heatColor(position < 0 ? null : series.values[position], low, high, colors);
        pixels.data.set(color, 4 * (index * width + column));
      }
    });
    this.image.getContext("2d").putImageData(pixels, 0, 0);
    context.imageSmoothingEnabled = false;
    layers.forEach((_, index) => {
      const y = head + index * row;
      context.drawImage(this.image, 0, index, width, 1, left, y, width, row - (row > 10 ? 2 : 0));
    });
    this.names(context, colors, place, 0);
    this.key(context, colors, left);
    this.stepAxis(context, colors, head + layers.length * row - 2);
    this.crosshair(context, colors, head, head + layers.length * row);
  }

  /** Title and colour scale of the heat map. */
  key(context, colors, left) {
    heading(context, colors, "gradient norm", left, 9);
    context.fillStyle = colors.muted;
    const [low, high] = this.decades.map((power) => short(Number((10 ** power).toPrecision(1))));
    const ends = context.measureText(low).width + context.measureText(high).width;
    const start = this.right - 70 - ends;
    if (start < left + 150) return;
    context.fillText(low, start - 6, 9);
    const bar = start + context.measureText(low).width;
    for (let i = 0; i < 60; i += 1) {
      const [r, g, b] = ramp(i / 59);
      context.fillStyle = `rgb(${r},${g},${b})`;
      context.fillRect(bar + i, 5, 1.5, 8);
    }
    context.fillStyle = colors.muted;
    context.fillText(high, bar + 67, 9);
  }

  now(context, colors, place) {
    const { x, top, width, named } = place;
    if (named) this.names(context, colors, place, top);
    const gap = 14;
    const column = (width - 2 * gap) / 3;
    const columns = [
      ["last norm", "grad", this.norm],
      ["update / weight", "ratio", this.ratio],
      ["dead", "dead", this.dead],
    ];
    columns.forEach(([title, kind, painter], index) => {
      const start = x + index * (column + gap);
      heading(context, colors, title, start, top + 9);
      place.layers.forEach((layer, k) => {
        const value = this.store.series.get(`${kind}/${layer}`)?.at(this.view.hovered) ?? NaN;
        const y = top + place.head + k * place.row;
        const roomy = place.row >= 12;
        const box = { x: start, y, width: column - (roomy ? 46 : 4), height: place.row - (place.row > 10 ? 2 : 1) };
        painter.call(this, context, colors, box, value);
        if (!roomy) return;
        context.textAlign = "right";
        context.textBaseline = "middle";
        context.fillStyle = colors.text;
        const percent = kind === "dead" && !Number.isNaN(value);
        const text = percent ? `${Math.round(100 * value)} %` : short(value, 2);
        context.fillText(text, start + column, y + box.height / 2);
      });
    });
  }

  track(context, colors, { x, y, width, height }) {
    context.fillStyle = colors.track;
    context.fillRect(x, y + height / 2 - 3, width, 6);
  }

  norm(context, colors, box, value) {
    this.track(context, colors, box);
    const [low, high] = this.decades;
    if (!(value > 0)) return;
    const share = Math.min(1, Math.max(0.02, (Math.log10(value) - low) / (high - low)));
    const [r, g, b] = heatColor(value, low, high, colors);
    context.fillStyle = `rgb(${r},${g},${b})`;
    context.fillRect(box.x, box.y + box.height / 2 - 3, share * box.width, 6);
  }

  /** A dot on a scale from 1e-6 to 1; near the line at 1e-3 it is healthy. */
  ratio(context, colors, box, value) {
    this.track(context, colors, box);
    const place = (power) => box.x + (Math.min(0, Math.max(-6, power)) / 6 + 1) * box.width;
    context.fillStyle = colors.goodBand;
    context.fillRect(place(-4), box.y + box.height / 2 - 3, place(-2) - place(-4), 6);
    context.strokeStyle = colors.good;
    context.lineWidth = 1;
    line(context, place(-3), box.y, place(-3), box.y + box.height);
    if (Number.isNaN(value)) return;
    const power = Math.log10(value);
    // Small ratios are what a run that has converged ends with; large ones wreck the weights.
    const healthy = Math.abs(power + 3) <= 1;
    context.fillStyle = healthy ? colors.good : power > -1 ? colors.bad : colors.fair;
    context.beginPath();
    context.arc(place(power), box.y + box.height / 2, Math.min(4, box.height / 2), 0, 2 * Math.PI);
    context.fill();
  }

  dead(context, colors, box, value) {
    this.track(context, colors, box);
    context.fillStyle = value > 0.9 ? colors.bad : value > 0.5 ? colors.fair : colors.muted;
    context.fillRect(box.x, box.y + box.height / 2 - 3, (value || 0) * box.width, 6);
  }
}

function heading(context, colors, text, x, y) {
  const font = context.font;
  context.font = font.replace("11px", "600 12px");
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillStyle = colors.text;
  context.fillText(text, x, y);
  context.font = font;
}

function ramp(share) {
  const place = Math.min(1, Math.max(0, share)) * (VIRIDIS.length - 1);
  const index = Math.min(VIRIDIS.length - 2, Math.floor(place));
  return VIRIDIS[index].map((from, i) => Math.round(from + (place - index) * (VIRIDIS[index + 1][i] - from)));
}

/** The colour of a norm; grey where no gradient arrives at all, red where it is no number. */
function heatColor(value, low, high, colors) {
  if (value === null) return [0, 0, 0, 0];
  if (!Number.isFinite(value)) return colors.badPixel;
  if (value <= 0) return colors.deadPixel;
  return [...ramp((Math.log10(value) - low) / (high - low)), 255];
}

// ---------------------------------------------------------------------------------------------- the panel

class View {
  constructor(store, place) {
    this.store = store;
    this.hovered = null;
    this.frame = 0;
    this.charts = new Map();
    this.flow = new Flow(this);
    this.visible = true;
    this.began = Date.now();
    this.build();
    place.append(this.root);
    store.views.add(this);
    this.watch();
    this.changed();
    store.send({ type: "shown" });
  }

  build() {
    this.status = element("span", "nnkit-status");
    this.status.setAttribute("role", "status");
    this.name = element("span", "nnkit-name");
    this.facts = element("span", "nnkit-facts");
    this.bar = element("div", "nnkit-bar", element("div"));
    this.buttons = {
      pause: this.button("Pause", "pause", () => {
        this.store.control(this.paused ? "resume" : "pause");
      }),
      step: this.button("Step", "step", () => this.store.control("step")),
      stop: this.button("Stop", "stop", () => this.store.control("stop")),
    };
    this.rate = new Rate(this.store);
    this.note = element("span", "nnkit-note");
    this.controls = element("div", "nnkit-controls", ...Object.values(this.buttons), this.rate.root, this.note);
    this.warning = element("div", "nnkit-warning");
    this.warning.setAttribute("role", "alert");
    this.curves = element("div", "nnkit-curves");
    this.bar.hidden = this.controls.hidden = this.warning.hidden = this.flow.root.hidden = true;
    const line1 = element("div", "nnkit-line", this.status, this.name, this.facts);
    this.root = element("div", "nnkit", line1, this.bar, this.controls, this.warning, this.curves, this.flow.root);
  }

  button(text, shape, act) {
    const inside = [icon(shape), element("span", "", text)];
    const node = control("button", "nnkit-button", { type: "button" }, ...inside);
    node.addEventListener("click", act);
    return node;
  }

  watch() {
    const changed = () => this.changed();
    this.seen = new IntersectionObserver((entries) => {
      this.visible = entries.at(-1).isIntersecting;
      if (this.visible) changed();
    });
    this.seen.observe(this.root);
    this.sized = new ResizeObserver(changed);
    this.sized.observe(this.root);
    // The page outlives us: it must not hold what has been taken out of it.
    const self = new WeakRef(this);
    this.themed = new MutationObserver(() => self.deref()?.changed());
    this.themed.observe(document.body, { attributes: true });
    this.timer = setInterval(() => {
      changed();
      if (this.store.state && !this.store.active) clearInterval(this.timer);
    }, 1000);
  }

  close() {
    if (this.staying) return;
    this.store.views.delete(this);
    cancelAnimationFrame(this.frame);
    clearInterval(this.timer);
    for (const observer of [this.seen, this.sized, this.themed]) observer.disconnect();
    this.root.remove();
  }

  /**
   * The kernel is about to replace this view by a picture, which is what the file keeps. Where that picture appears in
   * this page, go on standing there in its stead, so that one can still point at the curves; anywhere else the picture stays.
   */
  stay(picture) {
    const area = this.root.closest(".jp-OutputArea");
    if (!area || !picture) return;
    this.staying = true;
    const look = new MutationObserver(() => {
      const image = [...area.querySelectorAll("img")].find((img) => img.src.endsWith(picture));
      if (!image) return;
      look.disconnect();
      image.style.display = "none";
      image.after(this.root);
      this.changed();
    });
    look.observe(area, { childList: true, subtree: true, attributes: true, attributeFilter: ["src"] });
    setTimeout(() => {
      look.disconnect();
      if (this.root.isConnected) return;
      this.staying = false;
      this.close();
    }, 10000);
  }

  get paused() {
    return this.store.state?.status === "paused";
  }

  hover(step) {
    if (step === this.hovered) return;
    this.hovered = step;
    this.changed();
  }

  changed() {
    if (this.frame || !this.visible) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      if (!this.root.isConnected) return;
      if (this.store.state && this.store.setup) this.paint();
      else say(this.status, Date.now() - this.began < 3000 ? "…" : SILENT);
    });
  }

  paint() {
    this.paintWords();
    this.paintControls();
    const colors = this.colors();
    for (const quantity of this.store.quantities().keys()) {
      if (this.charts.has(quantity)) continue;
      const chart = new Chart(this, quantity, this.charts.size);
      this.charts.set(quantity, chart);
      this.curves.append(chart.root);
    }
    for (const chart of this.charts.values()) chart.paint(colors);
    this.flow.root.hidden = !this.flow.layers.length;
    if (this.flow.layers.length) this.flow.paint(colors);
  }

  paintWords() {
    const { state, setup } = this.store;
    this.root.dataset.status = state.status;
    say(this.status, STATUS[state.status] ?? state.status);
    say(this.name, setup.name ?? "");
    const total = state.total ? ` / ${grouped(state.total)}` : "";
    const words = [this.hovered === null ? `step ${grouped(state.step)}${total}` : `at step ${grouped(this.hovered)}`];
    if (this.hovered !== null) words.push(...this.store.near(this.hovered));
    if (setup.epochs) words.push(`epoch ${state.epoch} / ${setup.epochs}`);
    else if (state.epoch > 1) words.push(`epoch ${state.epoch}`);
    if (state.rate) words.push(`${short(Number(state.rate.toPrecision(3)))} steps/s`);
    if (state.active && state.left !== null) words.push(`${clock(state.left)} left`);
    if (!state.active) words.push(clock(state.seconds));
    const silence = (Date.now() - this.store.lastWord) / 1000;
    if (state.active && silence > 4) words.push(`last word from the kernel ${clock(silence)} ago`);
    say(this.facts, words.join("  ·  "));
    const share = state.total ? (state.step - setup.first_step) / (state.total - setup.first_step) : 0;
    this.bar.firstChild.style.width = `${100 * Math.min(1, share)}%`;
    this.bar.hidden = !state.total || !state.active;
  }

  paintControls() {
    const { store } = this;
    this.controls.hidden = !store.active;
    this.warning.hidden = !store.unheard;
    if (!store.active) return;
    const shape = this.paused ? "resume" : "pause";
    const [glyph, label] = this.buttons.pause.children;
    glyph.firstChild.setAttribute("d", ICONS[shape]);
    say(label, this.paused ? "Resume" : "Pause");
    for (const [name, node] of Object.entries(this.buttons)) {
      node.disabled = store.unheard;
      node.classList.toggle("nnkit-waits", store.waitingFor(name) || (name === "pause" && store.waitingFor("resume")));
    }
    this.rate.root.hidden = store.state.lr === null || store.unheard;
    this.rate.paint(store.state.lr);
    const late = [...store.pending.values()].some((click) => Date.now() - click.at >= UNACKNOWLEDGED);
    this.note.hidden = store.unheard;
    say(this.note, late ? "waiting for the kernel…" : (store.refusal ?? ""));
    say(
      this.warning,
      "This kernel does not hear the buttons while a cell runs. To end the run and keep what it has learned, interrupt the " +
        "kernel (the square in the toolbar, or press I twice). Live buttons need ipykernel 7.1 or newer and, in the Kernel " +
        "settings of JupyterLab, “Comms over subshells” switched on.",
    );
  }

  colors() {
    const style = getComputedStyle(this.root);
    const of = (name) => style.getPropertyValue(`--nnkit-${name}`).trim();
    const dark = of("dark") === "1";
    return {
      font: style.fontFamily, text: of("text"), muted: of("muted"), grid: of("grid"), track: of("track"),
      mark: of("mark"), good: of("good"), goodBand: of("good-band"), fair: of("fair"), bad: of("bad"),
      curves: [1, 2, 3, 4, 5].map((n) => of(`curve-${n}`)),
      badPixel: [214, 60, 60, 255],
      deadPixel: dark ? [70, 70, 76, 255] : [205, 205, 210, 255],
    };
  }
}

/** The learning rate: a logarithmic slider around where it began, and a field for the exact number. */
class Rate {
  constructor(store) {
    this.store = store;
    const scale = { type: "range", min: -3, max: 3, step: 0.02, value: 0 };
    this.slider = control("input", "nnkit-slider", scale);
    this.slider.setAttribute("aria-label", "learning rate, slider");
    this.field = control("input", "nnkit-field", { type: "number", min: 0, step: "any" });
    this.field.setAttribute("aria-label", "learning rate");
    const label = element("span", "", "learning rate");
    this.root = element("div", "nnkit-rate", label, this.slider, this.field);
    this.slider.addEventListener("input", () => this.slide());
    // Enter is listened to as well: Jupyter keeps it from becoming a "change".
    this.field.addEventListener("input", () => (this.edited = true));
    this.field.addEventListener("change", () => this.type());
    this.field.addEventListener("keydown", (event) => event.key === "Enter" && this.type());
    this.sentAt = 0;
    this.touched = 0;
  }

  get base() {
    return this.store.setup.lr || 1e-3;
  }

  /** Send at most ten values a second, and always the last one. */
  slide() {
    this.touched = Date.now();
    this.wanted = Number((this.base * 10 ** Number(this.slider.value)).toPrecision(3));
    this.field.value = this.wanted;
    if (this.timer) return;
    this.timer = setTimeout(() => {
      this.timer = 0;
      this.sentAt = Date.now();
      this.store.control("lr", this.wanted);
    }, Math.max(0, this.sentAt + 100 - Date.now()));
  }

  type() {
    if (!this.edited || this.field.value === "") return;
    this.edited = false;
    this.touched = Date.now();
    this.store.control("lr", Number(this.field.value));
  }

  /** Show the rate in force, unless a person has just set another one. */
  paint(lr) {
    if (lr === null || Date.now() - this.touched < 800) return;
    const root = this.field.getRootNode();
    if (root.activeElement === this.field) return;
    this.field.value = Number(lr.toPrecision(4));
    this.slider.value = lr > 0 ? Math.log10(lr / this.base) : -3;
  }
}

export default () => {
  // One store per widget. What a front end hands to `initialize` and to `render` are different objects for the same model.
  const store = new Store();
  return {
    initialize: ({ model }) => store.connect(model),
    render: ({ el }) => {
      const view = new View(store, el);
      return () => view.close();
    },
  };
};
