import React, { type ReactElement, type ReactNode } from 'react';
import type { Failure, FailureKind } from '../api/failure.ts';
import type { Live } from '../live/use-live.ts';
import { text, type TextKey } from '../texts/texts.ts';
import { FaultBoundary } from './FaultBoundary.tsx';
import { Notice } from './Notice.tsx';

interface Props<T> {
  readonly live: Pick<Live<T>, 'answer' | 'failure' | 'refresh'>;
  /** Whether there is nothing at all yet, so that the page has to say how to begin. */
  readonly isEmpty?: (answer: T) => boolean;
  readonly empty?: ReactNode;
  readonly children: (answer: T) => ReactNode;
}

/** What every page has beside its content: on its way, nothing there yet, can't be read, and what is known is old. */
export function PageState<T>({ live, isEmpty, empty, children }: Props<T>): ReactElement {
  const { answer, failure } = live;
  if (answer === undefined && failure === undefined) return <Loading />;
  if (answer === undefined) return <Failed failure={failure} onRetry={live.refresh} />;
  return (
    <>
      {failure !== undefined && <Notice level="warning">{text('ANSWER_IS_OLD', { why: failureText(failure) })}</Notice>}
      <FaultBoundary of={answer}>
        <Content draw={() => (isEmpty?.(answer) === true ? empty : children(answer))} />
      </FaultBoundary>
    </>
  );
}

/** Drawn inside of the boundary, so that it catches what is wrong already with what is drawn first. */
function Content({ draw }: { readonly draw: () => ReactNode }): ReactElement {
  return <>{draw()}</>;
}

export function Loading(): ReactElement {
  return (
    <p className="plb-card plb-message" role="status">
      {text('LOADING')}
    </p>
  );
}

function Failed(props: { readonly failure: Failure | undefined; readonly onRetry: () => void }): ReactElement | null {
  const { failure, onRetry } = props;
  if (failure === undefined) return null;
  return (
    <div className="plb-card plb-message" role="alert">
      <h2>{text(TITLES[failure.kind])}</h2>
      <p>{failureText(failure)}</p>
      {failure.kind !== 'forbidden' && failure.kind !== 'unsupported' && (
        <button type="button" className="plb-button" onClick={onRetry}>
          {text('TRY_AGAIN')}
        </button>
      )}
    </div>
  );
}

const TITLES: Readonly<Record<FailureKind, TextKey>> = {
  signedOut: 'FAILED_SIGNED_OUT',
  forbidden: 'FAILED_FORBIDDEN',
  notFound: 'FAILED_NOT_FOUND',
  unsupported: 'FAILED_UNSUPPORTED',
  conflict: 'FAILED_CONFLICT',
  invalid: 'FAILED_INVALID',
  busy: 'FAILED_BUSY',
  away: 'FAILED_AWAY',
  other: 'FAILED_OTHER',
};

const HINTS: Readonly<Partial<Record<FailureKind, TextKey>>> = {
  signedOut: 'FAILED_SIGNED_OUT_HINT',
  forbidden: 'FAILED_FORBIDDEN_HINT',
  unsupported: 'FAILED_UNSUPPORTED_HINT',
  conflict: 'FAILED_CONFLICT_HINT',
  away: 'FAILED_AWAY_HINT',
};

/** What went wrong in words, with what to do where that is known. */
export function failureText({ kind, reason, message }: Failure): string {
  // Nobody changed anything: there is one of that name.
  const hint = reason === 'AlreadyExists' ? undefined : HINTS[kind];
  return hint === undefined ? message : text(hint, { message });
}
