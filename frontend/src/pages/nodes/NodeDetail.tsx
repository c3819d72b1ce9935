import React, { useState, type ReactElement } from 'react';
import { useParams } from 'react-router-dom';
import { Failure } from '../../api/failure.ts';
import type { Node } from '../../generated/api.ts';
import { useCluster } from '../../live/surroundings.tsx';
import { useLive } from '../../live/use-live.ts';
import { Facts } from '../../parts/Facts.tsx';
import { Page } from '../../parts/Page.tsx';
import { PageState } from '../../parts/PageState.tsx';
import { MissingReplicas } from '../../parts/Replicas.tsx';
import { SimulationView } from '../../parts/SimulationView.tsx';
import { text } from '../../texts/texts.ts';
import { nodeOf, signKeys, trafficWord, verdictWord } from './node-model.ts';
import { EvidenceTable } from './EvidenceTable.tsx';
import { WordStatus } from './NodeWords.tsx';

/** More than have one name within theirs. */
const LIMIT = 500;

/** One node: what is found of it, by whom and how, and what would happen if it went. */
export function NodeDetail(): ReactElement {
  const name = useParams()['name'] ?? '';
  const list = `/clusters/${useCluster()}/porterlb.nodes`;
  const live = useLive({ operation: 'listNodes', query: { name, limit: LIMIT } });
  const found = nodeOf(live.answer, name, text('NODE_GONE', { name }));
  const isGone = found instanceof Failure;
  return (
    <Page title={name} back={{ to: list, label: text('NODES') }}>
      <PageState
        live={{
          answer: isGone ? undefined : found,
          failure: isGone ? found : live.failure,
          refresh: live.refresh,
        }}
      >
        {(node) => (
          <>
            <MissingReplicas replicas={live.answer?.replicas} />
            <NodeFacts node={node} />
            <EvidenceTable evidence={node.evidence} />
            <Drain node={name} />
          </>
        )}
      </PageState>
    </Page>
  );
}

function NodeFacts({ node }: { readonly node: Node }): ReactElement {
  return (
    <section className="plb-card">
      <Facts
        facts={[
          ['NODE_VERDICT', <WordStatus key="verdict" word={verdictWord(node.verdict)} />],
          ['NODE_TRAFFIC', <WordStatus key="traffic" word={trafficWord(node)} />],
          ['NODE_READY', text(node.ready ? 'YES' : 'NO')],
          ['ADDRESSES', node.addresses.join(', ')],
          [
            'NODE_SIGNS',
            signKeys(node)
              .map((key) => text(key))
              .join(', '),
          ],
        ]}
      />
    </section>
  );
}

/** Asked for only when somebody wants to know: it is work for the manager. */
function Drain({ node }: { readonly node: string }): ReactElement {
  const [turn, setTurn] = useState(0);
  return (
    <section className="plb-card" aria-label={text('NODE_DRAIN')}>
      <h2>{text('NODE_DRAIN')}</h2>
      <p className="plb-hint">{text('NODE_DRAIN_ABOUT')}</p>
      <div className="plb-review">
        {turn > 0 && <SimulationView key={turn} body={{ drainNodes: [node] }} />}
        <p className="plb-ask">
          <button type="button" className="plb-button" onClick={() => setTurn(turn + 1)}>
            {text(turn === 0 ? 'NODE_DRAIN_ASK' : 'NODE_DRAIN_ASK_AGAIN')}
          </button>
        </p>
      </div>
    </section>
  );
}
