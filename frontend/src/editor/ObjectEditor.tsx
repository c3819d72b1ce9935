import React, { useReducer, type Dispatch, type FormEvent, type ReactElement } from 'react';
import { useNavigate } from 'react-router-dom';
import { notify } from '@kubed/components';
import type { KubernetesObject } from '../api/objects.ts';
import { Notice } from '../parts/Notice.tsx';
import { failureText } from '../parts/PageState.tsx';
import { Simulated, useSimulation, type SimulationOutcome } from '../parts/SimulationView.tsx';
import { text, type TextKey } from '../texts/texts.ts';
import { afterEditorEvent, beginEditing, type EditorEvent, type EditorState } from './editor-state.ts';
import type { EditedKind } from './edited-kind.ts';
import { useSteps } from './use-steps.ts';

interface Props<Draft> {
  readonly kind: EditedKind<Draft>;
  /** What is edited, or what a new one begins with. */
  readonly base: KubernetesObject;
  readonly exists: boolean;
  /** Where to go when it is saved or left. */
  readonly back: string;
}

/** An object as a form and as YAML; the API server judges it, and the API says who would be affected, before it is saved. */
export function ObjectEditor<Draft>({ kind, base, exists, back }: Props<Draft>): ReactElement {
  const navigate = useNavigate();
  const [state, tell] = useReducer(afterEditorEvent<Draft>, beginEditing(base, kind.draftOf(base)));
  const { review, save, turn, rebase } = useSteps(kind, exists, state, tell);
  const submit = async (): Promise<void> => {
    if (state.phase !== 'reviewed') return await review();
    const saved = await save();
    if (saved === undefined) return;
    notify.success(text('SAVED', { name: saved.metadata.name }));
    navigate(back);
  };
  const { checked, read } = state;
  const outlook = useOutlook(kind, state);
  // Who would be affected is said before it can be saved.
  const isWaiting = isBusy(state) || outlook === undefined;
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    if (!isWaiting) void submit();
  };
  return (
    <form className="plb-card plb-editor" noValidate onSubmit={onSubmit}>
      <Head state={state} onTurn={() => void turn()} />
      <Errors state={state} onReload={exists ? () => void rebase() : undefined} />
      {state.both.length > 0 && (
        <Notice level="warning">{text('CHANGED_BY_BOTH', { fields: state.both.join(', ') })}</Notice>
      )}
      <Body kind={kind} state={state} exists={exists} tell={tell} />
      {checked !== undefined && <Review consequence={kind.consequence?.(checked, read)} outlook={outlook} />}
      <footer>
        <button type="button" className="plb-button" onClick={() => navigate(back)}>
          {text('CANCEL')}
        </button>
        <button type="submit" className="plb-button plb-primary" disabled={isWaiting}>
          {text(state.phase === 'reviewed' || state.phase === 'saving' ? 'SAVE' : 'REVIEW')}
        </button>
      </footer>
    </form>
  );
}

/** Undefined: not known yet. */
type Outlook = SimulationOutcome | 'not asked';

/** What the API says of what the API server has judged. */
function useOutlook<Draft>(kind: EditedKind<Draft>, { checked, read }: EditorState<Draft>): Outlook {
  const body = checked === undefined ? undefined : kind.simulation?.(checked, read);
  const outcome = useSimulation(body);
  return body === undefined ? 'not asked' : outcome;
}

function isBusy({ phase }: EditorState<unknown>): boolean {
  return phase === 'checking' || phase === 'saving';
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
  const isForm = mode === 'form';
  if (isForm && fields.length > 0 && !fields.includes('')) return null;
  return (
    <Notice level="error">
      {(isForm ? errors[''] : undefined) ?? failureText(failure)}
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

interface ReviewProps {
  readonly consequence: TextKey | undefined;
  readonly outlook: Outlook;
}

function Review({ consequence, outlook }: ReviewProps): ReactElement {
  return (
    <section className="plb-review" aria-label={text('REVIEW_TITLE')}>
      <h2>{text('REVIEW_TITLE')}</h2>
      {consequence !== undefined && <Notice level="warning">{text(consequence)}</Notice>}
      {outlook === 'not asked' ? <p>{text('REVIEW_PASSED')}</p> : <Simulated outcome={outlook} />}
    </section>
  );
}
