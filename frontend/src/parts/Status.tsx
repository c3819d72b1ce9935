import React, { type ReactElement, type ReactNode } from 'react';

export type Level = 'good' | 'warning' | 'bad' | 'off' | 'unknown';

interface Props {
  readonly level: Level;
  readonly children: ReactNode;
  /** More of it, below. */
  readonly detail?: string | undefined;
}

/** How something is: in words, with a dot in the colour of it. */
export function Status({ level, children, detail }: Props): ReactElement {
  return (
    <span className="plb-status">
      <span className={`plb-dot plb-dot-${level}`} aria-hidden="true" />
      <span>
        {children}
        {detail !== undefined && <small>{detail}</small>}
      </span>
    </span>
  );
}
