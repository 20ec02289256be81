// Curves of indicators, by uPlot: bands alert and critical, the baseline as a line, and marks where something happened.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { h } from "./dom";
import type { Edges, IndicatorCurve, Level, Readings } from "./model";
import { levelMark, show, type Mark } from "./words";

export interface ChartMark {
  at: number; ///< milliseconds since 1970
  letter: string;
  text: string;
  bad: boolean;
}

interface Shown {
  curve: IndicatorCurve;
  marks: ChartMark[];
}

interface Chart {
  plot: uPlot;
  shown: Shown;
}

const kHeight = 160;
const charts = new WeakMap<Element, Chart>();
let wanted = new Map<string, { shown: Shown; data: uPlot.AlignedData; from: number; to: number }>();

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/// From the lowest to the highest of what is read, the baseline, and the edge of the critical band, where that is near.
function rangeOf(shown: Shown, data: uPlot.AlignedData): [number, number] {
  const values = [...(data[1] ?? [])].filter((v): v is number => typeof v === "number");
  const { baseline, critical, alert } = shown.curve;
  if (baseline !== null) values.push(baseline);
  const top = Math.max(0, ...values);
  for (const edge of [alert?.low, critical?.low, critical?.high])
    if (typeof edge === "number" && (top === 0 || edge <= top * 3)) values.push(edge);
  const low = Math.min(0, ...values), high = Math.max(...values, low + 1e-9);
  return [low, high + (high - low) * 0.12];
}

/// uPlot remembers what it set, and finds it again.
function aside(u: uPlot, draw: () => void): void {
  u.ctx.save();
  draw();
  u.ctx.restore();
}

function band(u: uPlot, edges: Edges | null, fill: string, word: string, words: string): void {
  if (!edges) return;
  const { left, top, width, height } = u.bbox;
  const y = (value: number | null, otherwise: number) =>
    value === null ? otherwise : Math.min(top + height, Math.max(top, u.valToPos(value, "y", true)));
  const from = y(edges.high, top), to = y(edges.low, top + height);
  if (to - from < 1) return;
  u.ctx.fillStyle = fill;
  u.ctx.fillRect(left, from, width, to - from);
  if (to - from < 14 * devicePixelRatio) return;
  u.ctx.font = `${10.5 * devicePixelRatio}px system-ui, sans-serif`;
  u.ctx.textAlign = "left";
  u.ctx.textBaseline = "top";
  u.ctx.fillStyle = words;
  u.ctx.fillText(word, left + 5 * devicePixelRatio, from + 3 * devicePixelRatio);
}

function rule(u: uPlot, stroke: string, dash: number[], draw: () => void): void {
  u.ctx.save();
  u.ctx.strokeStyle = stroke;
  u.ctx.lineWidth = devicePixelRatio;
  u.ctx.setLineDash(dash.map((d) => d * devicePixelRatio));
  u.ctx.beginPath();
  draw();
  u.ctx.stroke();
  u.ctx.restore();
}

function below(u: uPlot, shown: Shown): void {
  const { curve } = shown;
  band(u, curve.alert, colour("alert-band"), "alert", colour("alert"));
  band(u, curve.critical, colour("critical-band"), "critical", colour("critical"));
  const { left, width } = u.bbox;
  if (curve.baseline === null) return;
  const y = u.valToPos(curve.baseline, "y", true);
  rule(u, colour("baseline"), [2, 3], () => (u.ctx.moveTo(left, y), u.ctx.lineTo(left + width, y)));
}

function above(u: uPlot, shown: Shown): void {
  const { left, top, width, height } = u.bbox;
  const r = 7 * devicePixelRatio;
  let before = -Infinity, row = 0;
  for (const mark of shown.marks) {
    const x = u.valToPos(mark.at / 1000, "x", true);
    if (x < left || x > left + width) continue;
    row = x - before < 2.2 * r ? row + 1 : 0; // those that are close stand below each other
    before = x;
    const y = top + r + row * 2.2 * r;
    const ink = colour(mark.bad ? "critical" : "ink");
    rule(u, ink, [], () => (u.ctx.moveTo(x, top), u.ctx.lineTo(x, top + height)));
    u.ctx.fillStyle = ink;
    u.ctx.beginPath();
    u.ctx.arc(x, y, r, 0, 2 * Math.PI);
    u.ctx.fill();
    u.ctx.fillStyle = colour("paper");
    u.ctx.font = `700 ${9.5 * devicePixelRatio}px system-ui, sans-serif`;
    u.ctx.textAlign = "center";
    u.ctx.textBaseline = "middle";
    u.ctx.fillText(mark.letter, x, y + devicePixelRatio / 2);
  }
}

function make(host: Element, name: string): Chart {
  const want = wanted.get(name)!;
  const chart: Partial<Chart> = { shown: want.shown };
  const axis = { stroke: () => colour("quiet"), font: "11px system-ui, sans-serif", ticks: { show: false } };
  const options: uPlot.Options = {
    width: Math.max(200, host.clientWidth),
    height: kHeight,
    tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "Etc/UTC"),
    legend: { show: false },
    cursor: { x: true, y: false, drag: { setScale: false, x: false, y: false }, points: { size: 7 } },
    padding: [8, 26, 0, 0],
    scales: {
      x: { time: true, range: () => [wanted.get(name)?.from ?? 0, wanted.get(name)?.to ?? 1] },
      y: { range: () => rangeOf(chart.shown!, wanted.get(name)?.data ?? [[], []]) },
    },
    axes: [
      { ...axis, size: 26, grid: { show: false }, space: 80, values: "{HH}:{mm}:{ss}Z" },
      {
        ...axis,
        size: 58,
        space: 34,
        grid: { stroke: () => colour("grid"), width: 1 },
        values: (_, at) => at.map((v) => show(v, chart.shown!.curve.unit)),
      },
    ],
    series: [{}, { stroke: () => colour("curve"), width: 1.8, spanGaps: false, points: { show: false } }],
    hooks: {
      drawClear: [(u) => aside(u, () => below(u, chart.shown!))],
      draw: [(u) => aside(u, () => above(u, chart.shown!))],
      setCursor: [
        (u) => {
          const value = u.cursor.idx == null ? null : u.data[1]?.[u.cursor.idx];
          const out = host.parentElement?.querySelector("output");
          if (out) out.textContent = value == null ? "" : show(value, chart.shown!.curve.unit);
        },
      ],
    },
  };
  host.replaceChildren();
  chart.plot = new uPlot(options, want.data, host as HTMLElement);
  return chart as Chart;
}

/// After the view was put in its place: the curves in it are made, or take what is new.
export function drawCharts(root: Element): void {
  for (const host of root.querySelectorAll("[data-chart]")) {
    const want = wanted.get(host.getAttribute("data-chart")!);
    if (!want) continue;
    const chart = charts.get(host);
    if (!chart) {
      charts.set(host, make(host, host.getAttribute("data-chart")!));
      continue;
    }
    chart.shown = Object.assign(chart.shown, want.shown);
    if (chart.plot.width !== Math.max(200, host.clientWidth))
      chart.plot.setSize({ width: Math.max(200, host.clientWidth), height: kHeight });
    chart.plot.setData(want.data);
  }
}

/// Colours, or the width, are others now.
export function redrawCharts(): void {
  for (const host of document.querySelectorAll("[data-chart]")) {
    const chart = charts.get(host);
    chart?.plot.setSize({ width: Math.max(200, host.clientWidth), height: kHeight });
    chart?.plot.redraw();
  }
}

function band_text(curve: IndicatorCurve): string {
  const words = [];
  const edge = (level: Level, edges: Edges | null) => {
    if (edges && edges.low !== null) words.push(`${levelMark(level).word} from ${show(edges.low, curve.unit)}`);
    else if (edges && edges.high !== null) words.push(`${levelMark(level).word} up to ${show(edges.high, curve.unit)}`);
  };
  edge("alert", curve.alert);
  edge("critical", curve.critical);
  if (curve.baseline !== null) words.push(`baseline ${show(curve.baseline, curve.unit)}`);
  return words.join(", ") || "not judged by a row";
}

/// A figure for each indicator. `from`: where the curves begin, milliseconds.
export function figures(readings: Readings, marks: ChartMark[], from: number, markOf: (indicator: string) => Mark | null): HTMLElement {
  wanted = new Map();
  const times = readings.t_us.map((t) => t / 1e6);
  const first = Math.max(times[0] ?? 0, from / 1000);
  const to = Math.max(readings.now_us / 1e6, first + 10);
  const shown = readings.indicators.map((curve) => {
    const name = `${readings.service} ${curve.name}`;
    const at = times.findIndex((t) => t >= first);
    const start = at < 0 ? times.length : at;
    wanted.set(name, { shown: { curve, marks }, data: [times.slice(start), curve.values.slice(start)], from: first, to });
    const last = curve.values.at(-1) ?? null;
    const judged = markOf(curve.name);
    const mark = last === null && judged?.tone === "good" ? null : judged; // what is not read is not well
    const value = last === null ? "no reading" : show(last, curve.unit);
    return h(
      "figure",
      { class: "chart", "data-key": name },
      h(
        "h3",
        {},
        curve.name,
        h("span", { class: `value ${mark ? mark.tone : "plain"}` }, mark ? h("i", { "aria-hidden": "true" }, mark.sign) : null, ` ${value}`),
        h("output", { "aria-hidden": "true", "data-own": "" }),
      ),
      h("div", { "data-chart": name, "data-own": "", role: "img", "aria-label": `${curve.name}: ${value}; ${band_text(curve)}` }),
      h("figcaption", {}, band_text(curve)),
    );
  });
  const inside = marks.filter((m) => m.at / 1000 >= first);
  return h(
    "div",
    {},
    inside.length > 0 &&
      h("ul", { class: "marks" }, inside.map((m) => h("li", { class: m.bad ? "critical" : "" }, h("i", {}, m.letter), ` ${m.text}`))),
    h("div", { class: "charts" }, shown),
  );
}
