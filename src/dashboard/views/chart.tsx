import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { onNewColours } from "../draw/colours.ts";

type Options = Omit<uPlot.Options, "width" | "height">;

interface ChartProps {
  /** Made anew when the colours change. */
  readonly options: () => Options;
  readonly data: uPlot.AlignedData;
  readonly height: number;
  /** What is to be seen, for those who do not see it. */
  readonly label: string;
}

/** A chart as wide as its place. */
export function Chart({ options, data, height, label }: ChartProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | undefined>(undefined);
  const [colouring, recolour] = useState(0);
  useEffect(() => onNewColours(() => recolour((count) => count + 1)), []);
  useEffect(() => {
    const parent = place.current!;
    const made = new uPlot({ ...options(), width: parent.clientWidth, height }, data, parent);
    chart.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: parent.clientWidth, height }));
    observer.observe(parent);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [colouring]);
  useEffect(() => chart.current?.setData(data), [data]);
  return <div ref={place} class="chart" role="img" aria-label={label} style={{ height: `${height}px` }} />;
}
