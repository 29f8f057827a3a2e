import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import uPlot from "uplot";
import type { UsageView } from "../../gateway/control/long-status.ts";
import type { GateView } from "../../gateway/control/status-view.ts";
import { axis, plain } from "../draw/chart-options.ts";
import { colours } from "../draw/colours.ts";
import { Chart } from "./chart.tsx";

/** How the permits were used in the last ten minutes. */
export function UsageChart({ usage, gate }: { usage: UsageView | undefined; gate: GateView }): JSX.Element {
  const data = useMemo(() => dataOf(usage), [usage]);
  const [people, others] = sharesOf(usage);
  return (
    <section class="panel" aria-labelledby="usage-title">
      <div class="caption">
        <h2 id="usage-title">Permits in use</h2>
        <span class="note">last 10 min</span>
      </div>
      <ul class="legend">
        <li>
          <span class="dot foreground" /> foreground {people} %
        </li>
        <li>
          <span class="dot background" /> background {others} %
        </li>
      </ul>
      <Chart
        options={() => options()}
        data={data}
        height={104}
        label={`Of the permits of gate ${gate.name}, ${people} % were used by foreground and ${others} % by background in the last ten minutes`}
      />
    </section>
  );
}

/** Of what there was: foreground, and the rest. */
function sharesOf(usage: UsageView | undefined): readonly [number, number] {
  const all = sum(usage?.capacity);
  const share = (part: number): number => (all === 0 ? 0 : Math.round((100 * part) / all));
  return [share(sum(usage?.foreground)), share(sum(usage?.background))];
}

const MINUTES = 10;

function dataOf(usage: UsageView | undefined): uPlot.AlignedData {
  if (usage === undefined) return [[], [], [], []];
  const { foreground, background, capacity, until, stepMs } = usage;
  const at = capacity.map((_, index) => (until - (capacity.length - index) * stepMs) / 1_000);
  return [at, background.map((used, index) => used + foreground[index]!), [...foreground], [...capacity]];
}

function options(): Omit<uPlot.Options, "width" | "height"> {
  const palette = colours();
  const steps = uPlot.paths.stepped!({ align: 1 });
  const area = (colour: string): uPlot.Series => ({ fill: colour, width: 0, paths: steps, points: { show: false } });
  return {
    ...plain(),
    scales: {
      x: {
        range: (_chart: uPlot, _least: number | null, most: number | null) => [(most ?? 0) - MINUTES * 60, most ?? 0],
      },
      y: { range: (_chart: uPlot, _least: number | null, most: number | null) => [0, Math.max(1, most ?? 0) * 1.05] },
    },
    axes: [
      axis({
        size: 20,
        values: (chart, splits) => splits.map((at) => agoText(at, chart.scales["x"]?.max ?? at)),
        splits: everyTwoMinutes,
      }),
      axis({ size: 30, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] }),
    ],
    series: [
      {},
      area(palette.background),
      area(palette.foreground),
      { stroke: palette.text, width: 1, dash: [3, 3], paths: steps, points: { show: false } },
    ],
  };
}

const everyTwoMinutes: uPlot.Axis.Splits = (_chart, _axis, _least, most) =>
  [10, 8, 6, 4, 2, 0].map((minutes) => most - minutes * 60);

function agoText(at: number, now: number): string {
  const minutes = Math.round((now - at) / 60);
  return minutes === 0 ? "now" : `−${minutes}`;
}

function sum(numbers: readonly number[] = []): number {
  return numbers.reduce((all, number) => all + number, 0);
}
