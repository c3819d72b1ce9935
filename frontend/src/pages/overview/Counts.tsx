import React, { type ReactElement } from 'react';
import { Link } from 'react-router-dom';
import { useCluster } from '../../live/surroundings.tsx';
import { text } from '../../texts/texts.ts';
import type { Overview } from '../../generated/api.ts';
import { figuresOf } from './overview-model.ts';

/** Health in figures, each of which leads to the page behind it. */
export function Counts({ overview }: { readonly overview: Overview }): ReactElement {
  const cluster = useCluster();
  return (
    <ul className="plb-figures">
      {figuresOf(overview).map(({ title, value, about, params, page, isBad }) => (
        <li key={title} className="plb-card">
          <Link to={`/clusters/${cluster}/${page}`}>
            <span>{text(title)}</span>
            <strong className={isBad ? 'plb-bad' : undefined}>{value}</strong>
            <small>{text(about, params)}</small>
          </Link>
        </li>
      ))}
    </ul>
  );
}
