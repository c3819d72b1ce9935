import { useCallback, useEffect, useMemo, useReducer, useRef } from 'react';
import type { Operation, Question } from '../api/client.ts';
import { asFailure } from '../api/failure.ts';
import type { KubernetesObject, Plural } from '../api/objects.ts';
import type { Answers } from '../generated/api.ts';
import { Follower, type Source } from './follow.ts';
import { afterEvent, beginning, type LiveEvent, type LiveState } from './live-state.ts';
import { useApi, useClock, useCluster, useObjects } from './surroundings.tsx';
import { whileVisible } from './while-visible.ts';

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

/** What a source answers, for as long as it is shown. `about`: what the source is asked for; another answer belongs to another question. */
function useFollowed<T>(about: string, source: Source<T>): Live<T> {
  const clock = useClock();
  const [turn, tell] = useReducer(afterTurnEvent<T>, { about, state: beginning<T>() });
  const follower = useRef<Follower<T>>();

  useEffect(() => {
    return whileVisible(() => {
      const started = new Follower(source, clock, (event) => tell({ about, event })).start();
      follower.current = started;
      return () => started.stop();
    });
  }, [source, clock, about]);

  const refresh = useCallback(() => follower.current?.refresh(), []);
  return { ...(turn.about === about ? turn.state : beginning<T>()), refresh };
}

/** The answer to a question of the API, for as long as it is shown. */
export function useLive<O extends Operation>(question: Question<O>): Live<Answers[O]> {
  const api = useApi();
  const cluster = useCluster();
  const text = JSON.stringify(question);
  const source = useMemo((): Source<Answers[O]> => {
    const asked = JSON.parse(text) as Question<O>;
    return {
      ask: () => api.ask(asked),
      listen: api.streams(asked.operation) ? (told, signal) => api.listen(asked, told, signal) : undefined,
    };
  }, [api, text]);
  return useFollowed(`${cluster} ${text}`, source);
}

/** An object of which the API has no reading of its own, as the API server of Kubernetes has it; null: it is not there. */
export function useLiveObject(plural: Plural, name: string): Live<KubernetesObject | null> {
  const objects = useObjects();
  const cluster = useCluster();
  const source = useMemo(
    (): Source<KubernetesObject | null> => ({ ask: () => objects.get(plural, name).catch(nullIfAbsent) }),
    [objects, plural, name],
  );
  return useFollowed(`${cluster} ${plural}/${name}`, source);
}

function nullIfAbsent(error: unknown): null {
  if (asFailure(error).kind === 'notFound') return null;
  throw error;
}

/**
 * Several pages of one list: what was shown stays until the next page is there, so that the table does not jump. Rows of another list, such as that of
 * another project, are never shown meanwhile.
 */
export function useLivePage<O extends Operation>(question: Question<O>): Live<Answers[O]> {
  const live = useLive(question);
  const list = JSON.stringify([useCluster(), question.operation, question.path]);
  const last = useRef<{ readonly list: string; readonly answer: Answers[O] }>();
  useEffect(() => {
    if (live.answer !== undefined) last.current = { list, answer: live.answer };
  });
  if (live.answer !== undefined || live.failure !== undefined || last.current?.list !== list) return live;
  return { ...live, answer: last.current.answer };
}
