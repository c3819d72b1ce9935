import { useMemo } from 'react';
import type { KubernetesObject, Plural } from '../api/objects.ts';
import { useObjects } from '../live/surroundings.tsx';
import { useAnswer, type Answered } from '../live/use-answer.ts';

/** An object as it is when the page opens: what is being edited must not change by itself. */
export function useObject(plural: Plural, name: string): Answered<KubernetesObject> {
  const objects = useObjects();
  return useAnswer(useMemo(() => () => objects.get(plural, name), [objects, plural, name]));
}
