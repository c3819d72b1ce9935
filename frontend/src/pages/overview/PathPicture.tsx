import React, { type ReactElement } from 'react';
import { Link } from 'react-router-dom';
import type { Overview } from '../../generated/api.ts';
import { useCluster } from '../../live/surroundings.tsx';
import { text, type TextKey } from '../../texts/texts.ts';
import { layoutPicture, type Box, type Line, type State } from './picture-layout.ts';

const ROW = 52;
const BOX = 40;
/** Columns: where they begin, in percent of the width. */
const AT = { pool: 0, peer: 38, link: 38, node: 76 } as const;
const HEADS = [
  { at: AT.pool, title: 'POOLS' },
  { at: AT.peer, title: 'PICTURE_OUTSIDE' },
  { at: AT.node, title: 'NODES' },
] as const satisfies readonly { readonly at: number; readonly title: TextKey }[];
const WIDTH = 24;

const WORDS: Readonly<Record<State, TextKey>> = {
  good: 'PICTURE_GOOD',
  bad: 'PICTURE_BAD',
  off: 'PICTURE_OFF',
  unknown: 'STATE_UNKNOWN',
};

/** Which pools are announced to which routers and on which local networks, and which nodes have a session with these or answer there. */
export function PathPicture({ picture }: { readonly picture: Overview['picture'] }): ReactElement {
  const { boxes, lines, rows, left } = layoutPicture(picture);
  return (
    <section className="plb-card" aria-label={text('PICTURE')}>
      <h2>{text('PICTURE')}</h2>
      <p className="plb-hint">{text('PICTURE_ABOUT')}</p>
      <div className="plb-picture">
        <div className="plb-picture-heads">
          {HEADS.map(({ at, title }) => (
            <span key={title} style={{ left: `${at}%`, width: `${WIDTH}%` }}>
              {text(title)}
            </span>
          ))}
        </div>
        <div className="plb-picture-area" style={{ height: rows * ROW }}>
          <svg viewBox={`0 0 100 ${rows * ROW}`} preserveAspectRatio="none" aria-hidden="true">
            {lines.map((line) => (
              <path
                key={line.id}
                className={`plb-line plb-line-${line.state} plb-line-of-${line.from}`}
                d={pathOf(line)}
              />
            ))}
          </svg>
          {boxes.map((box) => (
            <BoxLink key={box.id} box={box} />
          ))}
        </div>
        {Object.values(left).some((count) => count > 0) && (
          <p className="plb-hint">
            {text('PICTURE_LEFT_OUT', { pools: left.pool, nodes: left.node, peers: left.peer + left.link })}
          </p>
        )}
      </div>
    </section>
  );
}

function BoxLink({ box }: { readonly box: Box }): ReactElement {
  const cluster = useCluster();
  const { kind, name, state, row, replicas } = box;
  const place = { left: `${AT[kind]}%`, width: `${WIDTH}%`, top: row * ROW, height: BOX };
  const look = { style: place, title: name };
  if (kind === 'link') {
    // There is no page of it: it is known by its nodes only.
    return (
      <div className={`plb-box plb-box-${state}`} {...look}>
        <strong>{name}</strong>
        <small>{text('PICTURE_LINK')}</small>
      </div>
    );
  }
  return (
    <Link className={`plb-box plb-box-${state}`} {...look} to={`/clusters/${cluster}/porterlb.${kind}s/${name}`}>
      <strong>{name}</strong>
      <small>
        {text(WORDS[state])}
        {replicas.length > 0 && ` · ${replicas.map((replica) => replica.name).join(', ')}`}
      </small>
    </Link>
  );
}

function pathOf({ from, fromRow, toRow }: Line): string {
  // A session is drawn from the router's box to that of the node.
  const [x1, x2] = from === 'pool' ? [AT.pool + WIDTH, AT.peer] : [AT.peer + WIDTH, AT.node];
  const [left, right] = from === 'pool' ? [fromRow, toRow] : [toRow, fromRow];
  const [y1, y2] = [left * ROW + BOX / 2, right * ROW + BOX / 2];
  const bend = (x2 - x1) / 2;
  return `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}
