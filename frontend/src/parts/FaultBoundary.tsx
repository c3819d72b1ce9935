import React, { Component, type ReactNode } from 'react';
import { text } from '../texts/texts.ts';
import { Notice } from './Notice.tsx';

interface Props {
  /** What is shown; when that changes it is tried again. */
  readonly of: unknown;
  readonly children: ReactNode;
}

interface State {
  readonly fault: string | undefined;
  readonly of: unknown;
}

/** An answer that lacks what a page needs, as one of an older API may, takes down that page's content and nothing else, and is said. */
export class FaultBoundary extends Component<Props, State> {
  override state: State = { fault: undefined, of: this.props.of };

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { fault: error instanceof Error ? error.message : String(error) };
  }

  static getDerivedStateFromProps({ of }: Props, state: State): State {
    return Object.is(of, state.of) ? state : { fault: undefined, of };
  }

  override render(): ReactNode {
    const { fault } = this.state;
    if (fault === undefined) return this.props.children;
    return <Notice level="error">{text('PART_FAULTY', { why: fault })}</Notice>;
  }
}
