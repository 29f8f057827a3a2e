import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { onNewColours } from "../draw/colours.ts";
import { heightOf, paintTimeline, ROW } from "../draw/timeline-picture.ts";
import { barsOf, fittingSpan, type Bar } from "../state/bars.ts";
import type { Crowd } from "../state/crowd.ts";
import { classOf } from "../state/priority.ts";
import { count, duration } from "../state/words.ts";
import { PHASE_NAME } from "./phase-mark.tsx";
import { useSelect } from "./selection.ts";
import { useStore } from "./store-context.ts";
import { TimelineCaption } from "./timeline-caption.tsx";

const LEAST_ROWS = 6;
const ROWS = 20;
const ROWS_ON_A_PHONE = 14;
/** Often enough to seem to flow. */
const PAINT_MS = 80;
/** For those who want nothing to move by itself. */
const STILL_MS = 1_000;

/** The last minutes: a bar for each request. The tables below say the same in words. */
export function Timeline({ crowd }: { crowd: Crowd }): JSX.Element {
  const store = useStore();
  const select = useSelect();
  const [wanted, setSpan] = useState<number>();
  const [row, setRow] = useState<number>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const most = matchMedia("(max-width: 700px)").matches ? ROWS_ON_A_PHONE : ROWS;
  const bars = barsOf(crowd, most);
  const rows = Math.max(LEAST_ROWS, bars.length);
  const fitting = useSteadySpan(fittingSpan(bars, store.now));
  const spanMs = wanted ?? fitting;
  const { foregroundUpTo } = store.model;
  const scene = { bars, spanMs, rows, foregroundUpTo, row };
  usePainting(() => canvas.current && paintTimeline(canvas.current, { ...scene, now: store.now }));
  const pointed = row === undefined ? undefined : bars[row];
  return (
    <section class="panel timeline" aria-labelledby="timeline-title">
      <TimelineCaption fitting={fitting} onSpan={setSpan} />
      <canvas
        ref={canvas}
        role="img"
        aria-label={inWords(bars)}
        style={{ height: `${heightOf(rows)}px` }}
        onPointerMove={(event) => setRow(rowAt(event))}
        onPointerLeave={() => setRow(undefined)}
        onClick={(event) => {
          const id = bars[rowAt(event)]?.request.id;
          if (id !== undefined) select(id);
        }}
      />
      <p class="note readout" aria-hidden="true">
        {pointed === undefined
          ? bars.length === 0
            ? "Nobody has come yet."
            : "Point at a bar to read it, click it to learn why it waited."
          : reading(pointed, store.now, foregroundUpTo)}
      </p>
    </section>
  );
}

function reading({ request, stretches, failed }: Bar, now: number, foregroundUpTo: number): string {
  const name = request.label ?? request.model ?? request.id;
  const parts = stretches.map(({ phase, from, to = now }) => `${PHASE_NAME[phase]} ${duration(to - from)}`);
  const who = [name, request.client].filter((text) => text !== undefined).join(" of ");
  return `${who}, ${classOf(request.priority, foregroundUpTo)} ${request.priority ?? ""}: ${[...parts, failed?.replaceAll("_", " ")].filter(Boolean).join(", ")}`;
}

function rowAt({ offsetY }: MouseEvent): number {
  return Math.floor(offsetY / ROW);
}

function inWords(bars: readonly Bar[]): string {
  const waiting = bars.filter(
    ({ stretches }) => stretches.at(-1)?.to === undefined && stretches.at(-1)?.phase === "waiting",
  );
  return `Timeline of ${count(bars.length, "request")}, ${waiting.length} of them still waiting; the tables tell the same in words`;
}

/** Grows at once, and shrinks only when it has fitted for a while: a scale that jumps cannot be read. */
function useSteadySpan(fitting: number): number {
  const shown = useRef(fitting);
  const smallerSince = useRef<number | undefined>(undefined);
  if (fitting >= shown.current) {
    shown.current = fitting;
    smallerSince.current = undefined;
  } else {
    smallerSince.current ??= performance.now();
    if (performance.now() - smallerSince.current > 8_000) {
      shown.current = fitting;
      smallerSince.current = undefined;
    }
  }
  return shown.current;
}

/** Paints at each change, and in between while time runs on. */
function usePainting(paint: () => void): void {
  const latest = useRef(paint);
  latest.current = paint;
  useEffect(() => latest.current());
  useEffect(() => {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    let frame = 0;
    const timer = setInterval(
      () => {
        cancelAnimationFrame(frame);
        frame = requestAnimationFrame(() => latest.current());
      },
      still ? STILL_MS : PAINT_MS,
    );
    const end = onNewColours(() => latest.current());
    return () => {
      clearInterval(timer);
      cancelAnimationFrame(frame);
      end();
    };
  }, []);
}
