import React, { type ReactElement } from 'react';
import type { PoolSummary } from '../../generated/api.ts';
import { text } from '../../texts/texts.ts';
import { fullness, sizeText } from './pool-model.ts';

/** How many addresses of a pool Services hold, as a bar where there are not too many for one. */
export function PoolUse({ use }: { readonly use: PoolSummary['use'] }): ReactElement {
  const full = fullness(use);
  return (
    <span className="plb-use">
      <span>
        {use.used} / {sizeText(use.size)}
      </span>
      {full !== undefined && (
        <span className="plb-bar" aria-hidden="true">
          <span className={full >= 0.9 ? 'plb-full' : undefined} style={{ width: `${Math.round(full * 100)}%` }} />
        </span>
      )}
      {use.conflicts > 0 && <small className="plb-bad">{text('POOL_CONFLICTS', { count: use.conflicts })}</small>}
    </span>
  );
}
