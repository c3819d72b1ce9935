import React, { type ReactElement } from 'react';
import { Link } from 'react-router-dom';
import type { ServicePath } from '../../generated/api.ts';
import { useCluster } from '../../live/surroundings.tsx';
import { Facts } from '../../parts/Facts.tsx';
import { Status } from '../../parts/Status.tsx';
import { text } from '../../texts/texts.ts';
import { PROTOCOLS } from '../pools/pool-model.ts';
import { tellings, type Telling } from './path-model.ts';

/** The way of one address: where it comes from, which nodes take its traffic, and who is told. */
export function ServicePathCard({ path }: { readonly path: ServicePath }): ReactElement {
  const { ip, pool, protocol, verdict, leftOut } = path;
  const mode = PROTOCOLS[protocol ?? ''];
  return (
    <section className="plb-card" aria-label={ip}>
      <h2>{ip}</h2>
      <Facts
        facts={[
          ['POOL', pool === null ? null : <PageLink key="pool" page="pools" name={pool} />],
          ['MODE', mode === undefined ? protocol : text(mode)],
          ['REASON', verdict === null ? text('STATE_UNKNOWN') : verdict.text],
          protocol === 'layer2' ? ['PATH_OWNER', owner(path)] : ['PATH_NEXT_HOPS', <NextHops key="hops" path={path} />],
        ]}
      />
      {leftOut.length > 0 && (
        <div className="plb-hint">
          {text('PATH_LEFT_OUT')}
          <ul>
            {leftOut.map((left) => (
              <li key={left.node}>
                {left.node}: {left.text}
              </li>
            ))}
          </ul>
        </div>
      )}
      {protocol === 'bgp' && <Tellings rows={tellings(path)} />}
    </section>
  );
}

/** What is on the way of the traffic has a page of its own, where one goes on looking. */
function PageLink({ page, name }: { readonly page: 'pools' | 'peers' | 'nodes'; readonly name: string }): ReactElement {
  return <Link to={`/clusters/${useCluster()}/porterlb.${page}/${name}`}>{name}</Link>;
}

function owner({ owner: node, mac }: ServicePath): string | null {
  if (node === null) return null;
  return mac === null ? node : `${node} (${mac})`;
}

function NextHops({ path: { nodes } }: { readonly path: ServicePath }): ReactElement {
  if (nodes.length === 0) return <>—</>;
  return (
    <>
      {nodes.map(({ node, addresses, draining }) => (
        <div key={node}>
          <PageLink page="nodes" name={node} /> {addresses.length > 0 && `(${addresses.join(', ')})`}
          {draining && <span className="plb-tag">{text('DRAINING')}</span>}
        </div>
      ))}
    </>
  );
}

function Tellings({ rows }: { readonly rows: readonly Telling[] }): ReactElement {
  return (
    <div className="plb-scroll">
      <table className="plb-table">
        <thead>
          <tr>
            <th scope="col">{text('ROUTER')}</th>
            <th scope="col">{text('REPLICA')}</th>
            <th scope="col">{text('SESSION')}</th>
            <th scope="col" className="plb-right">
              {text('MED')}
            </th>
            <th scope="col">{text('PATH_NEXT_HOPS')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ peer, replica, level, state, med, nextHops, remark }) => (
            <tr key={`${peer} ${replica ?? ''}`}>
              <td>
                <PageLink page="peers" name={peer} />
              </td>
              <td>{replica ?? '—'}</td>
              <td>
                <Status level={level} detail={remark === undefined ? undefined : text(remark)}>
                  {state ?? text('NO_SESSION')}
                </Status>
              </td>
              <td className="plb-right">{med ?? '—'}</td>
              <td>{nextHops.length === 0 ? '—' : nextHops.join(', ')}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 && <p className="plb-none">{text('PATH_NO_PEER')}</p>}
    </div>
  );
}
