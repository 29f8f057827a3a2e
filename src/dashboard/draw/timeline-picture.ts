import type { Bar, BarPhase, Stretch } from "../state/bars.ts";
import { classOf } from "../state/priority.ts";
import { shortId } from "../state/words.ts";
import { colours } from "./colours.ts";
import { ticksOf } from "./ticks.ts";

export const ROW = 18;
const BAR = 13;
const AXIS = 22;
/** Beside the bars, where there is room: whose they are. */
const NAMES = 142;
const ROOM_FOR_NAMES = 620;
const RIGHT = 10;

export interface TimelineScene {
  readonly bars: readonly Bar[];
  readonly now: number;
  readonly spanMs: number;
  readonly rows: number;
  readonly foregroundUpTo: number;
  /** The row that is pointed at. */
  readonly row: number | undefined;
}

export function heightOf(rows: number): number {
  return rows * ROW + AXIS;
}

interface Pen {
  readonly to: CanvasRenderingContext2D;
  readonly x: (time: number) => number;
  readonly left: number;
  readonly right: number;
}

/** Paints the timeline: a row for each request, now at the right. */
export function paintTimeline(canvas: HTMLCanvasElement, scene: TimelineScene): void {
  const to = canvas.getContext("2d");
  const { width, height } = fitted(canvas, heightOf(scene.rows));
  if (to === null || width === 0) return;
  const { now, spanMs, bars } = scene;
  const left = width >= ROOM_FOR_NAMES ? NAMES : 6;
  const right = width - RIGHT;
  const x = (time: number): number => right - ((now - time) / spanMs) * (right - left);
  const pen = { to, x, left, right };
  to.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  to.clearRect(0, 0, width, height);
  to.font = "11px system-ui, sans-serif";
  paintAxis(pen, scene, height);
  for (const [row, bar] of bars.entries()) paintBar(pen, scene, bar, row);
}

/** In device pixels, so that it is sharp; without touching a canvas that has its size. */
function fitted(canvas: HTMLCanvasElement, height: number): { width: number; height: number } {
  const width = canvas.clientWidth;
  const wanted = [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)] as const;
  if (canvas.width !== wanted[0] || canvas.height !== wanted[1]) [canvas.width, canvas.height] = wanted;
  return { width, height };
}

function paintAxis({ to, left, right }: Pen, { spanMs, rows }: TimelineScene, height: number): void {
  const { line, faint } = colours();
  to.textAlign = "center";
  to.textBaseline = "bottom";
  for (const { agoMs, text } of ticksOf(spanMs)) {
    const at = Math.round(right - (agoMs / spanMs) * (right - left)) + 0.5;
    to.strokeStyle = line;
    to.lineWidth = 1;
    to.beginPath();
    to.moveTo(at, 0);
    to.lineTo(at, rows * ROW + 4);
    to.stroke();
    to.fillStyle = faint;
    if (agoMs === 0) to.textAlign = "right";
    else to.textAlign = at - left < 20 ? "left" : "center";
    to.fillText(text, agoMs === 0 ? right + RIGHT : at, height - 2);
  }
}

function paintBar(pen: Pen, scene: TimelineScene, bar: Bar, row: number): void {
  const { to, left, right } = pen;
  const palette = colours();
  const top = row * ROW + (ROW - BAR) / 2;
  if (row === scene.row) {
    to.fillStyle = palette.line;
    to.fillRect(0, row * ROW, right + RIGHT, ROW);
  }
  if (left === NAMES) paintName(to, bar, top);
  to.save();
  to.beginPath();
  to.rect(left, 0, right - left, scene.rows * ROW);
  to.clip();
  const colour = palette[classOf(bar.request.priority, scene.foregroundUpTo)];
  for (const stretch of bar.stretches) paintStretch(pen, scene.now, stretch, { colour, top });
  if (bar.failed !== undefined) paintFailure(pen, bar, top);
  to.restore();
}

function paintName(to: CanvasRenderingContext2D, { request }: Bar, top: number): void {
  const { text, faint } = colours();
  const name = request.label ?? request.client;
  to.textAlign = "left";
  to.textBaseline = "middle";
  to.fillStyle = text;
  const known = name === undefined || name === "local" ? "" : clipped(name, 9);
  to.fillText(known, 4, top + BAR / 2 + 0.5);
  to.fillStyle = faint;
  to.fillText(shortId(request.id), known === "" ? 4 : 64, top + BAR / 2 + 0.5);
}

function clipped(name: string, most: number): string {
  return name.length > most ? `${name.slice(0, most - 1)}…` : name;
}

const PAINT: Readonly<Record<BarPhase, (to: CanvasRenderingContext2D, box: Box) => void>> = {
  waiting: (to, { x, y, width }) => {
    to.globalAlpha = 0.55;
    to.fillRect(x, y + BAR / 2 - 1.5, width, 3);
  },
  sent: (to, box) => {
    to.globalAlpha = 0.28;
    to.fillRect(box.x, box.y, box.width, BAR);
    to.globalAlpha = 1;
    hatch(to, box);
  },
  answering: (to, { x, y, width }) => to.fillRect(x, y, width, BAR),
  held: (to, { x, y, width }) => to.fillRect(x, y, width, BAR),
  parked: (to, { x, y, width }) => {
    to.setLineDash([2, 4]);
    to.lineWidth = 2;
    to.beginPath();
    to.moveTo(x + 1, y + BAR / 2);
    to.lineTo(x + width, y + BAR / 2);
    to.stroke();
  },
};

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/** Something that was there is seen, however short it was. */
const LEAST_WIDTH = 1.5;

function paintStretch(
  { to, x, left, right }: Pen,
  now: number,
  { phase, from, to: end = now }: Stretch,
  { colour, top }: { colour: string; top: number },
): void {
  const start = Math.max(left - 2, x(from));
  const width = Math.max(LEAST_WIDTH, Math.min(right, x(end)) - start);
  if (start + width < left) return;
  to.save();
  to.fillStyle = colour;
  to.strokeStyle = colour;
  PAINT[phase](to, { x: start, y: top, width });
  to.restore();
}

function hatch(to: CanvasRenderingContext2D, { x, y, width }: Box): void {
  to.beginPath();
  to.rect(x, y, width, BAR);
  to.clip();
  to.lineWidth = 1.5;
  to.beginPath();
  // From a fixed grid, so that the pattern stands still while the bar grows.
  for (let at = x - BAR; at < x + width; at += 5) {
    to.moveTo(at, y + BAR);
    to.lineTo(at + BAR, y);
  }
  to.stroke();
}

function paintFailure({ to, x }: Pen, { stretches }: Bar, top: number): void {
  const end = stretches.at(-1)?.to;
  if (end === undefined) return;
  to.strokeStyle = colours().bad;
  to.lineWidth = 2;
  const [at, middle] = [x(end) + 5, top + BAR / 2];
  to.beginPath();
  to.moveTo(at - 3, middle - 3);
  to.lineTo(at + 3, middle + 3);
  to.moveTo(at + 3, middle - 3);
  to.lineTo(at - 3, middle + 3);
  to.stroke();
}
