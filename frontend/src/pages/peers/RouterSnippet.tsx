import React, { useState, type ReactElement } from 'react';
import type { KubernetesObject } from '../../api/objects.ts';
import { useObject } from '../../editor/use-object.ts';
import type { Peer } from '../../generated/api.ts';
import { useLive } from '../../live/use-live.ts';
import { Notice } from '../../parts/Notice.tsx';
import { Snippet } from '../../parts/Snippet.tsx';
import { text } from '../../texts/texts.ts';
import { ROUTER_KINDS, type RouterFacts } from './router-config.ts';
import { routerFacts } from './router-facts.ts';

interface Props {
  readonly peer: Peer;
  /** The BgpPeer itself, where it may be read. */
  readonly object: KubernetesObject | undefined;
}

/** What to configure on the router, for several makes of it. */
export function RouterSnippet({ peer, object }: Props): ReactElement | null {
  const conf = useObject('bgpconfs', 'default').answer;
  const nodes = useLive({ operation: 'listNodes', query: { limit: 500 } }).answer;
  const facts = routerFacts(peer, { peer: object, conf, nodes: nodes?.items ?? [] });
  const left = nodes === undefined ? 0 : nodes.totalItems - nodes.items.length;
  return facts === undefined ? null : <Card facts={facts} left={left} />;
}

interface CardProps {
  readonly facts: RouterFacts;
  /** How many nodes it does not name. */
  readonly left: number;
}

function Card({ facts, left }: CardProps): ReactElement | null {
  const [name, setName] = useState(ROUTER_KINDS[0]?.name);
  const kind = ROUTER_KINDS.find((each) => each.name === name);
  if (kind === undefined) return null;
  return (
    <section className="plb-card" aria-label={text('ROUTER_CONFIG')}>
      <div className="plb-toolbar">
        <h2>{text('ROUTER_CONFIG')}</h2>
        <span className="plb-grow" />
        <label>
          {text('ROUTER')}{' '}
          <select value={name} onChange={({ target }) => setName(target.value)}>
            {ROUTER_KINDS.map((each) => (
              <option key={each.name}>{each.name}</option>
            ))}
          </select>
        </label>
      </div>
      <p className="plb-hint">
        {text('ROUTER_CONFIG_ABOUT')} {!kind.isTested && text('ROUTER_UNTESTED')}
      </p>
      {left > 0 && <Notice level="warning">{text('ROUTER_CONFIG_NOT_ALL', { count: left })}</Notice>}
      <div className="plb-inset">
        <Snippet label={text('ROUTER_CONFIG')} code={kind.config(facts)} />
      </div>
    </section>
  );
}
