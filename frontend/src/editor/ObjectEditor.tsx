import React, { useReducer, type Dispatch, type FormEvent, type ReactElement, type ReactNode } from 'react';
import { useNavigate } from 'react-router-dom';
import { notify } from '@kubed/components';
import { asFailure } from '../api/failure.ts';
import type { KubernetesObject, ObjectStore, Plural } from '../api/objects.ts';
import type { Bodies } from '../generated/api.ts';
import { useObjects } from '../live/surroundings.tsx';
import { Notice } from '../parts/Notice.tsx';
import { failureText } from '../parts/PageState.tsx';
import { SimulationView } from '../parts/SimulationView.tsx';
import { text, type TextKey } from '../texts/texts.ts';
import {
  afterEditorEvent,
  beginEditing,
  errorsByField,
  type EditorEvent,
  type EditorState,
  type FieldOf,
} from './editor-state.ts';
import { yamlText } from './yaml-text.ts';

/** What an editor has to know of a kind. Pure, but for the form that it draws. */
export interface EditedKind<Draft> {
  readonly plural: Plural;
  readonly draftOf: (object: KubernetesObject) => Draft;
  /** The object with what the form says; what the form has no field for stays. */
  readonly objectOf: (draft: Draft, base: KubernetesObject) => KubernetesObject;
  readonly fieldOf: FieldOf;
  /** What the API is asked to try out before it is saved; undefined: nothing. */
  readonly simulation?: (object: KubernetesObject) => Bodies['simulate'];
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

interface Props<Draft> {
  readonly kind: EditedKind<Draft>;
  /** What is edited, or what a new one begins with. */
  readonly base: KubernetesObject;
  readonly exists: boolean;
  /** Where to go when it is saved or left. */
  readonly back: string;
  readonly onReload?: () => void;
}

/** An object as a form and as YAML; the API server judges it, and the API says who would be affected, before it is saved. */
export function ObjectEditor<Draft>({ kind, base, exists, back, onReload }: Props<Draft>): ReactElement {
  const objects = useObjects();
  const navigate = useNavigate();
  const [state, tell] = useReducer(afterEditorEvent<Draft>, beginEditing(kind.draftOf(base)));
  const written = (): KubernetesObject | string =>
    state.mode === 'yaml' ? state.yaml : kind.objectOf(state.draft, base);
  const attempt = async (dryRun: boolean): Promise<KubernetesObject | undefined> => {
    tell(dryRun ? { kind: 'asked' } : { kind: 'saving' });
    try {
      return await write(objects, kind.plural, {
        object: written(),
        name: exists ? base.metadata.name : undefined,
        dryRun,
      });
    } catch (error) {
      const failure = asFailure(error);
      tell({ kind: 'refused', failure, errors: errorsByField(failure, kind.fieldOf) });
      return undefined;
    }
  };
  const review = async (): Promise<void> => {
    const object = await attempt(true);
    if (object !== undefined) tell({ kind: 'passed', object });
  };
  const save = async (): Promise<void> => {
    const object = await attempt(false);
    if (object === undefined) return;
    notify.success(text('SAVED', { name: object.metadata.name }));
    navigate(back);
  };
  const turn = async (): Promise<void> => {
    if (state.mode === 'form')
      return tell({ kind: 'toYaml', yaml: yamlText(readable(kind.objectOf(state.draft, base))) });
    // The API server reads YAML, and says what is wrong with it.
    const object = await attempt(true);
    if (object !== undefined) tell({ kind: 'toForm', draft: kind.draftOf(object) });
  };
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    void (state.phase === 'reviewed' ? save() : review());
  };
  return (
    <form className="plb-card plb-editor" noValidate onSubmit={onSubmit}>
      <Head state={state} onTurn={() => void turn()} />
      <Errors state={state} onReload={onReload} />
      <Body kind={kind} state={state} exists={exists} tell={tell} />
      {state.checked !== undefined && <Review kind={kind} object={state.checked} base={base} />}
      <footer>
        <button type="button" className="plb-button" onClick={() => navigate(back)}>
          {text('CANCEL')}
        </button>
        <button type="submit" className="plb-button plb-primary" disabled={isBusy(state)}>
          {text(state.phase === 'reviewed' || state.phase === 'saving' ? 'SAVE' : 'REVIEW')}
        </button>
      </footer>
    </form>
  );
}

function isBusy({ phase }: EditorState<unknown>): boolean {
  return phase === 'checking' || phase === 'saving';
}

interface Written {
  readonly object: KubernetesObject | string;
  /** Undefined: it is a new one. */
  readonly name: string | undefined;
  readonly dryRun: boolean;
}

function write(objects: ObjectStore, plural: Plural, { object, name, dryRun }: Written): Promise<KubernetesObject> {
  return name === undefined
    ? objects.create(plural, object, { dryRun })
    : objects.replace(plural, name, object, { dryRun });
}

/** What people change of an object; the rest is the API server's. */
function readable({ apiVersion, kind, metadata, spec }: KubernetesObject): object {
  const { name, labels, annotations, resourceVersion } = metadata;
  return { apiVersion, kind, metadata: { name, labels, annotations, resourceVersion }, spec };
}

function Head({ state, onTurn }: { readonly state: EditorState<unknown>; readonly onTurn: () => void }): ReactElement {
  return (
    <div className="plb-toolbar">
      <span className="plb-grow" />
      <button type="button" className="plb-button" disabled={isBusy(state)} onClick={onTurn}>
        {text(state.mode === 'form' ? 'EDIT_AS_YAML' : 'EDIT_AS_FORM')}
      </button>
    </div>
  );
}

interface ErrorsProps {
  readonly state: EditorState<unknown>;
  readonly onReload: (() => void) | undefined;
}

/** What the API server has against all of it. What concerns a field stands there. */
function Errors({ state: { mode, errors, failure }, onReload }: ErrorsProps): ReactElement | null {
  if (failure === undefined) return null;
  const fields = Object.keys(errors);
  const isToldByFields = mode === 'form' && fields.length > 0 && !fields.includes('');
  if (isToldByFields) return null;
  return (
    <Notice level="error">
      {errors[''] ?? failureText(failure)}
      {failure.kind === 'conflict' && onReload !== undefined && (
        <button type="button" className="plb-button" onClick={onReload}>
          {text('LOAD_AGAIN')}
        </button>
      )}
    </Notice>
  );
}

interface BodyProps<Draft> {
  readonly kind: EditedKind<Draft>;
  readonly state: EditorState<Draft>;
  readonly exists: boolean;
  readonly tell: Dispatch<EditorEvent<Draft>>;
}

function Body<Draft>({ kind, state, exists, tell }: BodyProps<Draft>): ReactElement {
  if (state.mode === 'yaml') {
    return (
      <textarea
        className="plb-yaml"
        aria-label={text('YAML')}
        rows={24}
        spellCheck={false}
        value={state.yaml}
        onChange={({ target }) => tell({ kind: 'typed', yaml: target.value })}
      />
    );
  }
  const { draft, errors } = state;
  const onChange = (changed: Draft): void => tell({ kind: 'changed', draft: changed });
  return <div className="plb-fields">{kind.form({ draft, errors, exists, onChange })}</div>;
}

interface ReviewProps<Draft> {
  readonly kind: EditedKind<Draft>;
  readonly object: KubernetesObject;
  readonly base: KubernetesObject;
}

function Review<Draft>({ kind, object, base }: ReviewProps<Draft>): ReactElement {
  const consequence = kind.consequence?.(object, base);
  return (
    <section className="plb-review" aria-label={text('REVIEW_TITLE')}>
      <h2>{text('REVIEW_TITLE')}</h2>
      {consequence !== undefined && <Notice level="warning">{text(consequence)}</Notice>}
      {kind.simulation === undefined ? (
        <p>{text('REVIEW_PASSED')}</p>
      ) : (
        <SimulationView body={kind.simulation(object)} />
      )}
    </section>
  );
}
