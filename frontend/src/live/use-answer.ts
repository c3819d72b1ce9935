import { useCallback, useEffect, useState } from 'react';
import { asFailure, type Failure } from '../api/failure.ts';

export interface Answered<T> {
  /** The last one; it stays while the same is asked again, and when that fails. */
  readonly answer: T | undefined;
  readonly failure: Failure | undefined;
  readonly refresh: () => void;
}

interface Settled<T> extends Pick<Answered<T>, 'answer' | 'failure'> {
  /** The question that this answers. */
  readonly of: (() => Promise<T>) | undefined;
}

/** The answer to a question that is asked once. `ask` is another function when the question is another one; undefined: there is none. */
export function useAnswer<T>(ask: (() => Promise<T>) | undefined): Answered<T> {
  const [settled, setSettled] = useState<Settled<T>>(NOTHING);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let isCurrent = true;
    const settle = (now: (before: T | undefined) => Omit<Settled<T>, 'of'>): void => {
      if (isCurrent) setSettled(({ of, answer }) => ({ of: ask, ...now(of === ask ? answer : undefined) }));
    };
    ask?.().then(
      (answer) => settle(() => ({ answer, failure: undefined })),
      (error: unknown) => settle((answer) => ({ answer, failure: asFailure(error) })),
    );
    return () => {
      isCurrent = false;
    };
  }, [ask, turn]);
  const refresh = useCallback(() => setTurn((before) => before + 1), []);
  const { answer, failure } = settled.of === ask ? settled : NOTHING;
  return { answer, failure, refresh };
}

const NOTHING = { of: undefined, answer: undefined, failure: undefined };
