import React, { type ReactElement, type ReactNode } from 'react';

interface Props {
  readonly level: 'info' | 'warning' | 'error';
  readonly children: ReactNode;
}

/** One sentence that belongs to all of the page below it. */
export function Notice({ level, children }: Props): ReactElement {
  return (
    <div className={`plb-notice plb-${level}`} role={level === 'error' ? 'alert' : 'status'}>
      {children}
    </div>
  );
}
