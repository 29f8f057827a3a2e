import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Explanation } from "../../gateway/control/explanation-view.ts";
import type { RequestView } from "../../gateway/control/status-view.ts";
import { get, Refusal } from "../link/api.ts";
import { duration } from "../state/words.ts";
import { PriorityTag, RequestName } from "./about-request.tsx";
import { PHASE_NAME, PhaseMark } from "./phase-mark.tsx";
import { SetPriority } from "./set-priority.tsx";
import { useStore } from "./store-context.ts";
import { WaiterActions } from "./waiter-actions.tsx";

/** While it is inside, there is more to say every now and then. */
const AGAIN_MS = 2_000;

/** Why one request waited: who was in front of it, who ran, who was let in meanwhile, and what it has been through. */
export function Explained({ id, onClose }: { id: string; onClose: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const { explanation, error } = useExplanation(id);
  useEffect(() => {
    // A dialog of the browser's own: it holds the focus, Escape closes it, and the focus goes back to where it was.
    dialog.current?.showModal();
  }, []);
  return (
    <dialog
      ref={dialog}
      class="explained"
      aria-labelledby="explained-title"
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      <header>
        <h2 id="explained-title">Why did it wait?</h2>
        <button type="button" class="quiet" aria-label="Close" onClick={() => dialog.current?.close()}>
          ✕
        </button>
      </header>
      <p class="id">{id}</p>
      {error !== undefined && <p class="failed">{error}</p>}
      {explanation !== undefined && <Story explanation={explanation} />}
    </dialog>
  );
}

function useExplanation(id: string): { explanation?: Explanation; error?: string } {
  const [answer, setAnswer] = useState<{ explanation?: Explanation; error?: string }>({});
  useEffect(() => {
    const over = new AbortController();
    let timer = 0;
    const ask = async (): Promise<void> => {
      try {
        const explanation = (await (
          await get(`/headgate/requests/${encodeURIComponent(id)}`, over.signal)
        ).json()) as Explanation;
        setAnswer({ explanation });
        if (explanation.state !== "over") timer = setTimeout(() => void ask(), AGAIN_MS);
      } catch (error) {
        if (!over.signal.aborted)
          setAnswer({ error: error instanceof Refusal ? error.message : "The gateway does not answer." });
      }
    };
    void ask();
    return () => {
      over.abort();
      clearTimeout(timer);
    };
  }, [id]);
  return answer;
}

function Story({ explanation }: { explanation: Explanation }): JSX.Element {
  const store = useStore();
  const { why, met, state, priority, prioritySource, client, model, upstream, outcome, status } = explanation;
  const inLine = (state === "waiting" || state === "parked") && store.model.requests.has(explanation.id);
  return (
    <>
      <p class="why">{why}</p>
      <dl class="facts">
        <Fact name="Priority">
          <PriorityTag priority={priority} /> {prioritySource !== undefined && `by ${prioritySource}`}
        </Fact>
        <Fact name="Client">{client}</Fact>
        <Fact name="Model">{model}</Fact>
        <Fact name="Server">{upstream}</Fact>
        <Fact name="End">{outcome !== undefined && `${outcome.replaceAll("_", " ")}, ${status ?? ""}`}</Fact>
        <Fact name="Tokens">{tokens(explanation)}</Fact>
      </dl>
      <Phases explanation={explanation} />
      {met !== undefined && met.running.length > 0 && <WhoRan running={met.running} />}
      {inLine && store.mayAct && (
        <div class="act">
          <SetPriority request={explanation} />
          <WaiterActions request={explanation} />
        </div>
      )}
    </>
  );
}

function Fact({
  name,
  children,
}: {
  name: string;
  children: JSX.Element | string | false | undefined | (JSX.Element | string | false)[];
}): JSX.Element | null {
  if (children === undefined || children === false || children === "") return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function tokens({ promptTokens, completionTokens }: Explanation): string | undefined {
  if (completionTokens === undefined) return undefined;
  return promptTokens === undefined ? `${completionTokens}` : `${promptTokens} in, ${completionTokens} out`;
}

function Phases({ explanation }: { explanation: Explanation }): JSX.Element | null {
  const { now } = useStore();
  const { phases = [], arrivedAt, totalMs } = explanation;
  const end = totalMs === undefined ? now : arrivedAt + totalMs;
  if (phases.length === 0) return null;
  return (
    <ol class="phases" aria-label="What it has been through">
      {phases.map(([phase, at], index) => (
        <li key={`${at} ${phase}`}>
          <PhaseMark phase={phase} /> {PHASE_NAME[phase]}
          <span class="figure">{duration((phases[index + 1]?.[1] ?? end) - at)}</span>
        </li>
      ))}
    </ol>
  );
}

function WhoRan({ running }: { running: readonly RequestView[] }): JSX.Element {
  return (
    <>
      <h3>Who ran when it came</h3>
      <ul class="who-ran">
        {running.map((request) => (
          <li key={request.id}>
            <RequestName request={request} /> <PriorityTag priority={request.priority} /> {request.client}
          </li>
        ))}
      </ul>
    </>
  );
}
