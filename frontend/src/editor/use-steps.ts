import type { Dispatch } from 'react';
import { asFailure } from '../api/failure.ts';
import type { KubernetesObject } from '../api/objects.ts';
import { useObjects } from '../live/surroundings.tsx';
import { errorsByField, type EditorEvent, type EditorState } from './editor-state.ts';
import type { EditedKind } from './edited-kind.ts';
import { changeable } from './rebase.ts';
import { Writer } from './writing.ts';
import { yamlText } from './yaml-text.ts';

/** What somebody who edits an object can have done; each tells the editor what came of it. */
interface Steps {
  /** The API server judges what was written. */
  readonly review: () => Promise<void>;
  /** Undefined: it was refused. */
  readonly save: () => Promise<KubernetesObject | undefined>;
  /** From the form to YAML, or back. */
  readonly turn: () => Promise<void>;
  /** What others changed meanwhile comes in; what was written stays. */
  readonly rebase: () => Promise<void>;
}

export function useSteps<Draft>(
  kind: EditedKind<Draft>,
  exists: boolean,
  state: EditorState<Draft>,
  tell: Dispatch<EditorEvent<Draft>>,
): Steps {
  const writer = new Writer(useObjects(), kind.plural);
  const { mode, read, base, draft, yaml } = state;
  const object = mode === 'yaml' ? yaml : kind.objectOf(draft, base);
  const fieldOf = (path: string): string => {
    const field = kind.fieldOf(path);
    return kind.shown(draft).includes(field) ? field : '';
  };
  const attempt = async <T>(asked: EditorEvent<Draft>, step: () => Promise<T>): Promise<T | undefined> => {
    tell(asked);
    try {
      return await step();
    } catch (error) {
      const failure = asFailure(error);
      const missing = mode === 'form' ? kind.missing(draft) : {};
      tell({ kind: 'refused', failure, errors: errorsByField(failure, fieldOf, missing) });
      return undefined;
    }
  };
  const write = async (dryRun: boolean): Promise<KubernetesObject> =>
    exists ? await writer.replace({ object, read }, dryRun) : await writer.create(object, dryRun);
  const judged = async (): Promise<KubernetesObject | undefined> =>
    await attempt({ kind: 'asked' }, async () => await write(true));
  /** `answer` is what the API server would store; it is stored on top of the object that was read. */
  const ofRead = (answer: KubernetesObject): KubernetesObject => {
    const { resourceVersion: _, ...metadata } = changeable(answer).metadata;
    const { resourceVersion } = read.metadata;
    return {
      ...changeable(answer),
      metadata: resourceVersion === undefined ? metadata : { ...metadata, resourceVersion },
    };
  };
  return {
    review: async () => {
      const answer = await judged();
      if (answer !== undefined) tell({ kind: 'passed', object: answer });
    },
    save: async () => await attempt({ kind: 'saving' }, async () => await write(false)),
    turn: async () => {
      if (typeof object !== 'string') return tell({ kind: 'toYaml', yaml: yamlText(changeable(object)) });
      // The API server reads YAML, and says what is wrong with it.
      const answer = await judged();
      if (answer !== undefined) tell({ kind: 'toForm', base: ofRead(answer), draft: kind.draftOf(answer) });
    },
    rebase: async () => {
      const done = await attempt({ kind: 'asked' }, async () => await writer.rebase({ object, read }));
      if (done === undefined) return;
      const base = changeable(done.object);
      const { now, both } = done;
      tell({ kind: 'rebased', read: now, base, draft: kind.draftOf(base), yaml: yamlText(base), both });
    },
  };
}
