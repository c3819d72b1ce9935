import React, { type ReactElement, type ReactNode } from 'react';
import { text, type TextKey } from '../texts/texts.ts';

/** What is known of one thing, as pairs of a name and a value. */
export function Facts({ facts }: { readonly facts: readonly (readonly [TextKey, ReactNode])[] }): ReactElement {
  return (
    <dl className="plb-facts">
      {facts.map(([title, value]) => (
        <div key={title}>
          <dt>{text(title)}</dt>
          <dd>{value === '' || value === null || value === undefined ? '—' : value}</dd>
        </div>
      ))}
    </dl>
  );
}
