import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import uPlot from "uplot";
import type { ClassTimes, TimesView } from "../../gateway/control/long-status.ts";
import { axis, plain } from "../draw/chart-options.ts";
import { colours } from "../draw/colours.ts";
import { shares, total, within } from "../state/times.ts";
import { bound, figure } from "../state/words.ts";
import { Chart } from "./chart.tsx";

/** How long requests of each class waited, and until their first token. */
export function TimesCharts({ times }: { times: TimesView | undefined }): JSX.Element {
  return (
    <>
      <OneChart times={times} what="wait" title="Wait for a permit" />
      <OneChart times={times} what="firstToken" title="Time to the first token" />
    </>
  );
}

interface OneChartProps {
  readonly times: TimesView | undefined;
  readonly what: keyof ClassTimes;
  readonly title: string;
}

function OneChart({ times, what, title }: OneChartProps): JSX.Element {
  const data = useMemo(() => dataOf(times, what), [times]);
  const people = inWords("foreground", times, what);
  const others = inWords("background", times, what);
  return (
    <section class="panel" aria-labelledby={`${what}-title`}>
      <div class="caption">
        <h2 id={`${what}-title`}>{title}</h2>
        <span class="note">% of its class</span>
      </div>
      <ul class="legend tall">
        <li>
          <span class="dot foreground" /> {people}
        </li>
        <li>
          <span class="dot background" /> {others}
        </li>
      </ul>
      <Chart
        options={() => options(times?.boundsMs ?? [])}
        data={data}
        height={104}
        label={`${title}: ${people}; ${others}`}
      />
    </section>
  );
}

function inWords(name: "foreground" | "background", times: TimesView | undefined, what: keyof ClassTimes): string {
  const counts = times?.[name][what] ?? [];
  const all = total(counts);
  if (times === undefined || all === 0) return `${name}: none lately`;
  const [half, most] = [0.5, 0.95].map((share) => underText(within(counts, times.boundsMs, share)));
  return `${name} (${figure(all)}): half ${half}, 95 % ${most}`;
}

function underText(ms: number | undefined): string {
  if (ms === undefined) return "unknown";
  return ms === Infinity ? "> 10 min" : `< ${bound(ms)}`;
}

function dataOf(times: TimesView | undefined, what: keyof ClassTimes): uPlot.AlignedData {
  if (times === undefined) return [[], [], []];
  const people = times.foreground[what];
  return [people.map((_, index) => index), shares(people), shares(times.background[what])];
}

function options(boundsMs: readonly number[]): Omit<uPlot.Options, "width" | "height"> {
  const palette = colours();
  return {
    ...plain(),
    scales: {
      x: { time: false, range: () => [-0.7, boundsMs.length + 0.7] },
      y: { range: (_chart: uPlot, _least: number | null, most: number | null) => [0, Math.max(10, most ?? 0)] },
    },
    axes: [
      axis({
        size: 20,
        // Between two bars: that is where one ends and the next begins.
        splits: () => boundsMs.map((_, index) => index + 0.5),
        values: (_chart, splits) =>
          splits.map((at, index) => (index % 3 === 1 ? bound(boundsMs[Math.floor(at)]!) : null)),
        grid: { show: false },
      }),
      axis({ size: 30 }),
    ],
    series: [{}, bars(palette.foreground, -1), bars(palette.background, 1)],
  };
}

function bars(colour: string, align: 1 | -1): uPlot.Series {
  return { fill: colour, width: 0, paths: uPlot.paths.bars!({ size: [0.4, 14], align }), points: { show: false } };
}
