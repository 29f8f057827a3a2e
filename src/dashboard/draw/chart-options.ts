import type uPlot from "uplot";
import { colours } from "./colours.ts";

/** What all charts have in common: they are looked at, not played with. */
export function plain(): Pick<uPlot.Options, "legend" | "cursor" | "padding"> {
  return { legend: { show: false }, cursor: { show: false }, padding: [8, 14, 0, 0] };
}

export function axis(more: uPlot.Axis): uPlot.Axis {
  const { faint, line } = colours();
  return {
    stroke: faint,
    font: "11px system-ui, sans-serif",
    grid: { stroke: line, width: 1 },
    ticks: { show: false },
    ...more,
  };
}
