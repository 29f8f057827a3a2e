import { duration, table } from "../table.ts";
import { WAY_TITLES } from "./place.ts";
import type { BenchResults, ScenarioResult, WayResult } from "./results.ts";
import { BACKGROUNDS, PEOPLE } from "./workloads.ts";

/** Fewer say nothing about the slowest of them. */
const ENOUGH_PEOPLE = 20;
/** Of the background: a prompt that was read for an answer still to come, or the other way about, counts too much. */
const ENOUGH_ANSWERS = 8;

const COLUMNS = [
  { heading: "" },
  { heading: "first token p50", right: true },
  { heading: "p95", right: true },
  { heading: "longest", right: true },
  { heading: "background", right: true },
  { heading: "of alone", right: true },
  { heading: "stepped aside", right: true },
];

/** The whole report, a line each. */
export function benchLines(results: BenchResults): string[] {
  const lines = results.scenarios.flatMap((scenario) => [...scenarioLines(scenario), ""]);
  if (!results.complete) lines.push("INTERRUPTED: this is what was measured until then.");
  if (results.server.simulated) lines.push("The server is simulated: the order of things is real, the speed is not.");
  return lines;
}

function scenarioLines(scenario: ScenarioResult): string[] {
  const { people, background, backgroundClients, share, forMs, alone, ways } = scenario;
  return [
    `${PEOPLE[people].title}, over ${BACKGROUNDS[background].title}`,
    `${Math.round(share * 100)} % of the server's time for ${duration(forMs)}, over ${backgroundClients} clients of background that never ends`,
    `alone: first token after ${duration(alone.firstTokenMs)}; background ${speed(alone.backgroundTokensPerSecond)}, of which people leave about ${Math.round((1 - share) * 100)} %`,
    "",
    ...wayTable(ways),
    "",
    ...remarks(scenario),
  ];
}

/** The rows that count: what people wait, and what the background gets. */
function wayTable(ways: readonly WayResult[]): string[] {
  return table(
    COLUMNS,
    ways.map(({ way, complete, people, background, parks }) => [
      WAY_TITLES[way] + (complete ? "" : " (interrupted)"),
      ms(people.firstToken?.p50Ms),
      ms(people.firstToken?.p95Ms),
      ms(people.firstToken?.maxMs),
      speed(background.tokensPerSecond),
      `${Math.round(background.ofAlone * 100)} %`,
      parks === null ? "-" : times(parks.resumed + parks.restarted),
    ]),
  );
}

function remarks({ ways }: ScenarioResult): string[] {
  const lines: string[] = [];
  const asked = Math.max(0, ...ways.map(({ people }) => people.asked));
  if (asked < ENOUGH_PEOPLE) {
    const people = asked === 1 ? "1 person" : `${asked} people`;
    lines.push(`Only ${people} came: p95 says little. More minutes (--minutes) or a larger --share bring more.`);
  }
  if (ways.some(({ background }) => background.answers < ENOUGH_ANSWERS)) {
    lines.push(
      "The background has given hardly a whole answer: its speed says little. It needs more minutes (--minutes).",
    );
  }
  for (const { way, answers, others, people } of ways) {
    const title = WAY_TITLES[way];
    if (answers.compared > 0) {
      lines.push(
        `${title}: ${answers.compared - answers.different} of ${answers.compared} answers are the uninterrupted ones, letter by letter.`,
      );
    }
    if (answers.failed > 0) lines.push(`${title}: ${answers.failed} requests FAILED: ${answers.why.join("; ")}`);
    if (people.answered + answers.failed < people.asked) {
      lines.push(`${title}: ${people.asked - people.answered} people were not answered in full any more.`);
    }
    if (others === true)
      lines.push(`${title}: OTHERS used the server meanwhile; the figures are not those of this load.`);
  }
  return lines;
}

function ms(value: number | undefined): string {
  return value === undefined ? "-" : duration(value);
}

function speed(tokensPerSecond: number): string {
  return `${tokensPerSecond.toFixed(tokensPerSecond < 10 ? 1 : 0)} tokens/s`;
}

/** 1 time, 2 times. */
export function times(count: number): string {
  return `${count} ${count === 1 ? "time" : "times"}`;
}
