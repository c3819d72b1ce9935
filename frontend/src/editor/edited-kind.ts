import type { ReactNode } from 'react';
import type { KubernetesObject, Plural } from '../api/objects.ts';
import type { Bodies } from '../generated/api.ts';
import type { TextKey } from '../texts/texts.ts';
import type { FieldOf } from './editor-state.ts';

/** What an editor has to know of a kind. Pure, but for the form that it draws. */
export interface EditedKind<Draft> {
  readonly plural: Plural;
  readonly draftOf: (object: KubernetesObject) => Draft;
  /** The object with what the form says; what the form has no field for stays. */
  readonly objectOf: (draft: Draft, base: KubernetesObject) => KubernetesObject;
  readonly fieldOf: FieldOf;
  /** Names of the fields that the form has for it. */
  readonly shown: (draft: Draft) => readonly string[];
  /** What is said at the fields that were left empty and may not be. */
  readonly missing: (draft: Draft) => Readonly<Record<string, string>>;
  /** What the API is asked to try out before it is saved; undefined: nothing. */
  readonly simulation?: (object: KubernetesObject, base: KubernetesObject) => Bodies['simulate'];
  /** What saving it brings about, that no simulation tells. */
  readonly consequence?: (object: KubernetesObject, base: KubernetesObject) => TextKey | undefined;
  readonly form: (props: FormProps<Draft>) => ReactNode;
}

export interface FormProps<Draft> {
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
  readonly errors: Readonly<Record<string, string>>;
  /** Its name can't be changed any more. */
  readonly exists: boolean;
}
