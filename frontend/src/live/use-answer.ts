import { useCallback, useEffect, useState } from 'react';
import { asFailure, type Failure } from '../api/failure.ts';

export interface Answered<T> {
  readonly answer: T | undefined;
  readonly failure: Failure | undefined;
  readonly refresh: () => void;
}

/** The answer to a question that is asked once. `ask` is another function when the question is another one; undefined: there is none. */
export function useAnswer<T>(ask: (() => Promise<T>) | undefined): Answered<T> {
  const [settled, setSettled] = useState<Pick<Answered<T>, 'answer' | 'failure'>>(NOTHING);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let isCurrent = true;
    const settle = (now: Pick<Answered<T>, 'answer' | 'failure'>): void => {
      if (isCurrent) setSettled(now);
    };
    settle(NOTHING);
    ask?.().then(
      (answer) => settle({ answer, failure: undefined }),
      (error: unknown) => settle({ answer: undefined, failure: asFailure(error) }),
    );
    return () => {
      isCurrent = false;
    };
  }, [ask, turn]);
  const refresh = useCallback(() => setTurn((before) => before + 1), []);
  return { ...settled, refresh };
}

const NOTHING = { answer: undefined, failure: undefined };
