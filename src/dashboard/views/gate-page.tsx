import type { JSX } from "preact";
import type { GateView } from "../../gateway/control/status-view.ts";
import { crowdOf } from "../state/crowd.ts";
import { Alerts } from "./alerts.tsx";
import { Batches } from "./batches.tsx";
import { Ended } from "./ended.tsx";
import { Operate } from "./operate.tsx";
import { Running } from "./running.tsx";
import { Servers } from "./servers.tsx";
import { useStore } from "./store-context.ts";
import { Summary } from "./summary.tsx";
import { Timeline } from "./timeline.tsx";
import { TimesCharts } from "./times-charts.tsx";
import { UsageChart } from "./usage-chart.tsx";
import { Waiting } from "./waiting.tsx";

/** Everything about one gate. */
export function GatePage({ gate }: { gate: GateView }): JSX.Element {
  const { model } = useStore();
  const crowd = crowdOf(model, gate);
  return (
    <>
      <div class="top">
        <Summary crowd={crowd} />
        <Operate gate={gate} />
      </div>
      <Alerts gate={gate.name} />
      <div class="columns">
        <div class="wide">
          <Running crowd={crowd} />
          <Timeline crowd={crowd} />
          <Waiting crowd={crowd} />
          <Ended crowd={crowd} />
        </div>
        <div class="narrow">
          <UsageChart usage={model.usage.get(gate.name)} gate={gate} />
          <TimesCharts times={model.times.get(gate.name)} />
          <Batches />
          <Servers gate={gate.name} />
        </div>
      </div>
    </>
  );
}
