import React, { type ReactElement } from 'react';
import { Link } from 'react-router-dom';
import { useCluster } from '../../live/surroundings.tsx';
import { useLive } from '../../live/use-live.ts';
import { text } from '../../texts/texts.ts';
import { PoolUse } from '../pools/PoolUse.tsx';

const SHOWN = 6;

/** How full pools are, those with the most addresses in use first; nothing where they can't be read: their own page says why. */
export function FullestPools(): ReactElement | null {
  const cluster = useCluster();
  const query = { limit: SHOWN, sortBy: 'used', ascending: false };
  const { answer } = useLive({ operation: 'listPools', query });
  if (answer === undefined || answer.items.length === 0) return null;
  const more = answer.totalItems - answer.items.length;
  return (
    <section className="plb-card" aria-label={text('POOLS_USE')}>
      <h2>{text('POOLS_USE')}</h2>
      <ul className="plb-pools-use">
        {answer.items.map(({ name, use }) => (
          <li key={name}>
            <Link className="plb-name" to={`/clusters/${cluster}/porterlb.pools/${name}`}>
              {name}
            </Link>
            <PoolUse use={use} />
          </li>
        ))}
      </ul>
      {more > 0 && <p className="plb-hint">{text('AND_MORE', { count: more })}</p>}
    </section>
  );
}
