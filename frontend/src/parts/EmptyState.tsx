import React, { type ReactElement, type ReactNode } from 'react';

interface Props {
  readonly title: string;
  /** How to begin. */
  readonly hint: string;
  readonly children?: ReactNode;
}

/** There is nothing yet: says what belongs here, and how to make the first one. */
export function EmptyState({ title, hint, children }: Props): ReactElement {
  return (
    <div className="plb-card plb-message">
      <h2>{title}</h2>
      <p>{hint}</p>
      {children}
    </div>
  );
}
