import { useCallback, useEffect, useReducer, useRef } from 'react';
import type { Operation, Question } from '../api/client.ts';
import type { Answers } from '../generated/api.ts';
import { Follower, type Source } from './follow.ts';
import { afterEvent, beginning, type LiveEvent, type LiveState } from './live-state.ts';
import { useApi, useClock } from './surroundings.tsx';

export interface Live<T> extends LiveState<T> {
  /** Asks at once, e.g. after a change from here. */
  readonly refresh: () => void;
}

interface Turn<T> {
  /** The question that `state` answers. */
  readonly about: string;
  readonly state: LiveState<T>;
}

type TurnEvent<T> = { readonly about: string; readonly event: LiveEvent<T> };

function afterTurnEvent<T>(turn: Turn<T>, { about, event }: TurnEvent<T>): Turn<T> {
  return { about, state: afterEvent(turn.about === about ? turn.state : beginning<T>(), event) };
}

/** The answer to a question of the API, for as long as it is shown. */
export function useLive<O extends Operation>(question: Question<O>): Live<Answers[O]> {
  const api = useApi();
  const clock = useClock();
  const about = JSON.stringify(question);
  const [turn, tell] = useReducer(afterTurnEvent<Answers[O]>, { about, state: beginning<Answers[O]>() });
  const follower = useRef<Follower<Answers[O]>>();

  useEffect(() => {
    const asked = JSON.parse(about) as Question<O>;
    const source: Source<Answers[O]> = {
      ask: () => api.ask(asked),
      listen: api.streams(asked.operation) ? (told, signal) => api.listen(asked, told, signal) : undefined,
    };
    const started = new Follower(source, clock, (event) => tell({ about, event })).start();
    follower.current = started;
    return () => started.stop();
  }, [api, clock, about]);

  const refresh = useCallback(() => follower.current?.refresh(), []);
  return { ...(turn.about === about ? turn.state : beginning<Answers[O]>()), refresh };
}

/** Several pages of one list: what was shown stays until the next page is there, so that the table does not jump. */
export function useLivePage<O extends Operation>(question: Question<O>): Live<Answers[O]> {
  const live = useLive(question);
  const last = useRef<Answers[O]>();
  useEffect(() => {
    if (live.answer !== undefined) last.current = live.answer;
  });
  return live.answer === undefined && live.failure === undefined ? { ...live, answer: last.current } : live;
}
