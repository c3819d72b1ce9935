import React, { useState, type ReactElement } from 'react';
import type { KubernetesObject } from '../../api/objects.ts';
import { useObject } from '../../editor/use-object.ts';
import type { Node, Peer } from '../../generated/api.ts';
import { useLive } from '../../live/use-live.ts';
import { Notice } from '../../parts/Notice.tsx';
import { Snippet } from '../../parts/Snippet.tsx';
import { text, type TextKey } from '../../texts/texts.ts';
import { ROUTER_KINDS, type RouterFacts } from './router-config.ts';
import { anyRouter, routerFacts } from './router-facts.ts';

interface Props {
  readonly peer: Peer;
  /** The BgpPeer itself, where it may be read. */
  readonly object: KubernetesObject | undefined;
}

/** What to configure on the router, for several makes of it. */
export function RouterSnippet({ peer, object }: Props): ReactElement | null {
  const { conf, nodes, left } = useClusterFacts();
  const facts = routerFacts(peer, { peer: object, conf, nodes });
  if (facts === undefined) return null;
  return (
    <section className="plb-card" aria-label={text('ROUTER_CONFIG')}>
      <RouterConfig title={<h2>{text('ROUTER_CONFIG')}</h2>} facts={facts} left={left} />
    </section>
  );
}

/** The same for who has no BgpPeer yet: there is nothing of its own to say. */
export function AnyRouterSnippet(): ReactElement {
  const { conf, nodes, left } = useClusterFacts();
  const about: TextKey = 'ROUTER_CONFIG_ANY';
  return <RouterConfig about={about} facts={anyRouter({ conf, nodes })} left={left} />;
}

/** The same of the BgpPeer of this name, without a card of its own; nothing where it can't be read. */
export function NamedRouterSnippet({ name }: { readonly name: string }): ReactElement | null {
  const peer = useLive({ operation: 'getPeer', path: { name } }).answer;
  const object = useObject('bgppeers', name).answer;
  const { conf, nodes, left } = useClusterFacts();
  const facts = peer === undefined ? undefined : routerFacts(peer, { peer: object, conf, nodes });
  return facts === undefined ? null : <RouterConfig facts={facts} left={left} />;
}

interface ClusterFacts {
  readonly conf: KubernetesObject | undefined;
  readonly nodes: readonly Node[];
  /** How many further nodes there are. */
  readonly left: number;
}

function useClusterFacts(): ClusterFacts {
  const conf = useObject('bgpconfs', 'default').answer;
  const { items = [], totalItems = 0 } = useLive({ operation: 'listNodes', query: { limit: 500 } }).answer ?? {};
  return { conf, nodes: items, left: totalItems - items.length };
}

interface ConfigProps {
  readonly title?: ReactElement;
  readonly about?: TextKey;
  readonly facts: RouterFacts;
  readonly left: number;
}

function RouterConfig({ title, about = 'ROUTER_CONFIG_ABOUT', facts, left }: ConfigProps): ReactElement | null {
  const [name, setName] = useState(ROUTER_KINDS[0]?.name);
  const kind = ROUTER_KINDS.find((each) => each.name === name);
  if (kind === undefined) return null;
  return (
    <>
      <div className="plb-toolbar">
        {title}
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
        {text(about)} {!kind.isTested && text('ROUTER_UNTESTED')}
      </p>
      {left > 0 && <Notice level="warning">{text('ROUTER_CONFIG_NOT_ALL', { count: left })}</Notice>}
      <div className="plb-inset">
        <Snippet label={text('ROUTER_CONFIG')} code={kind.config(facts)} />
      </div>
    </>
  );
}
