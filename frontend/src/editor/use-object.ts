import { useCallback, useEffect, useState } from 'react';
import { asFailure, type Failure } from '../api/failure.ts';
import type { KubernetesObject, Plural } from '../api/objects.ts';
import { useObjects } from '../live/surroundings.tsx';

export interface FoundObject {
  readonly object: KubernetesObject | undefined;
  readonly failure: Failure | undefined;
  readonly reload: () => void;
}

/** An object as it is when the page opens: what is being edited must not change by itself. Without a name there is none. */
export function useObject(plural: Plural, name: string | undefined): FoundObject {
  const objects = useObjects();
  const [found, setFound] = useState<Pick<FoundObject, 'object' | 'failure'>>({
    object: undefined,
    failure: undefined,
  });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (name === undefined) return undefined;
    let isCurrent = true;
    const settle = (object?: KubernetesObject, failure?: Failure): void => {
      if (isCurrent) setFound({ object, failure });
    };
    settle();
    objects.get(plural, name).then(
      (object) => settle(object),
      (error: unknown) => settle(undefined, asFailure(error)),
    );
    return () => {
      isCurrent = false;
    };
  }, [objects, plural, name, turn]);
  const reload = useCallback(() => setTurn((before) => before + 1), []);
  return { ...found, reload };
}
