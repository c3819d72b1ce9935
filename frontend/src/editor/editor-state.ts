import type { Failure } from '../api/failure.ts';
import type { KubernetesObject } from '../api/objects.ts';

/** What an editor shows. `Draft`: the fields of the form. */
export interface EditorState<Draft> {
  readonly mode: 'form' | 'yaml';
  /** The object as it was read, or what a new one begins with: what was changed is what is another way than there. */
  readonly read: KubernetesObject;
  /** What the form's fields are of; what it has no field for is taken from there. */
  readonly base: KubernetesObject;
  readonly draft: Draft;
  readonly yaml: string;
  /** checking: the API server judges it; reviewed: it has nothing against it; saving: it stores it. */
  readonly phase: 'editing' | 'checking' | 'reviewed' | 'saving';
  /** What the API server would store. */
  readonly checked: KubernetesObject | undefined;
  /** What is wrong, by field of the form; what belongs to no field is by ''. */
  readonly errors: Readonly<Record<string, string>>;
  readonly failure: Failure | undefined;
  /** Paths of what somebody else had changed as well when it was loaded again: saving it undoes their change. */
  readonly both: readonly string[];
}

export type EditorEvent<Draft> =
  | { readonly kind: 'changed'; readonly draft: Draft }
  | { readonly kind: 'typed'; readonly yaml: string }
  | { readonly kind: 'asked' }
  | { readonly kind: 'passed'; readonly object: KubernetesObject }
  | { readonly kind: 'refused'; readonly failure: Failure; readonly errors: Readonly<Record<string, string>> }
  | { readonly kind: 'saving' }
  | { readonly kind: 'toYaml'; readonly yaml: string }
  | { readonly kind: 'toForm'; readonly base: KubernetesObject; readonly draft: Draft }
  | {
      readonly kind: 'rebased';
      readonly read: KubernetesObject;
      readonly base: KubernetesObject;
      readonly draft: Draft;
      readonly yaml: string;
      readonly both: readonly string[];
    };

export function beginEditing<Draft>(read: KubernetesObject, draft: Draft): EditorState<Draft> {
  return { ...UNJUDGED, mode: 'form', read, base: read, draft, yaml: '', both: [] };
}

const UNJUDGED = { phase: 'editing', checked: undefined, errors: {}, failure: undefined } as const;

export function afterEditorEvent<Draft>(state: EditorState<Draft>, event: EditorEvent<Draft>): EditorState<Draft> {
  switch (event.kind) {
    case 'changed':
      return { ...state, ...UNJUDGED, draft: event.draft, errors: stillWrong(state, event.draft) };
    case 'typed':
      return { ...state, ...UNJUDGED, yaml: event.yaml };
    case 'asked':
      return { ...state, ...UNJUDGED, phase: 'checking' };
    case 'passed':
      return { ...state, ...UNJUDGED, phase: 'reviewed', checked: event.object };
    case 'refused':
      return { ...state, ...UNJUDGED, errors: event.errors, failure: event.failure };
    case 'saving':
      return { ...state, phase: 'saving' };
    case 'toYaml':
      return { ...state, ...UNJUDGED, mode: 'yaml', yaml: event.yaml };
    case 'toForm':
      return { ...state, ...UNJUDGED, mode: 'form', base: event.base, draft: event.draft };
    case 'rebased': {
      const { read, base, draft, yaml, both } = event;
      return { ...state, ...UNJUDGED, read, base, draft, yaml, both };
    }
  }
}

/** What was wrong with other fields than those that were changed still is. */
function stillWrong<Draft>({ errors, draft }: EditorState<Draft>, changed: Draft): Readonly<Record<string, string>> {
  const same = (field: string): boolean => valueOf(draft, field) === valueOf(changed, field);
  return Object.fromEntries(Object.entries(errors).filter(([field]) => field !== '' && same(field)));
}

function valueOf(draft: unknown, field: string): unknown {
  return (draft as Readonly<Record<string, unknown>>)[field];
}

/** Which field of the form shows what the API server has against a path of the object; '': none. */
export type FieldOf = (path: string) => string;

/** Of what the API server did not look at, as something else is wrong already. */
const LEFT_OUT = '<nil>';

/**
 * What is wrong, at the field that it concerns. What no field shows says itself what it is about.
 * @param missing what is said, in the place of the API server's words, at fields that were left empty and may not be
 */
export function errorsByField(
  { kind, reason, message, causes }: Failure,
  fieldOf: FieldOf,
  missing: Readonly<Record<string, string>> = {},
): Record<string, string> {
  if (kind === 'conflict' && reason === 'AlreadyExists') return { name: message };
  const errors: Record<string, string> = {};
  for (const cause of causes.filter(({ field }) => field !== LEFT_OUT)) {
    const field = fieldOf(cause.field);
    const said = field === '' && cause.field !== '' ? `${cause.field}: ${cause.message}` : cause.message;
    errors[field] = errors[field] === undefined ? said : `${errors[field]}; ${said}`;
  }
  // A policy that refuses names no fields: what it says stands alone.
  return kind === 'invalid' && causes.length > 0 ? { ...errors, ...missing } : errors;
}
