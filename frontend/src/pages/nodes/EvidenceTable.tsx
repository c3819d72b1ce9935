import React, { type ReactElement } from 'react';
import { Time } from '../../parts/Time.tsx';
import { text } from '../../texts/texts.ts';
import { verdictWord, witnessKey, type Evidence } from './node-model.ts';
import { WordStatus } from './NodeWords.tsx';

/** What each replica has found by its probes. */
export function EvidenceTable({ evidence }: { readonly evidence: readonly Evidence[] | undefined }): ReactElement {
  return (
    <section className="plb-card" aria-label={text('EVIDENCE')}>
      <h2>{text('EVIDENCE')}</h2>
      <p className="plb-hint">{text('EVIDENCE_ABOUT')}</p>
      {evidence === undefined || evidence.length === 0 ? (
        <p className="plb-none">{text('EVIDENCE_NONE')}</p>
      ) : (
        <div className="plb-scroll">
          <table className="plb-table">
            <thead>
              <tr>
                <th scope="col">{text('EVIDENCE_REPLICA')}</th>
                <th scope="col">{text('NODE_VERDICT')}</th>
                <th scope="col">{text('EVIDENCE_FOUND')}</th>
                <th scope="col">{text('EVIDENCE_ANSWERED')}</th>
                <th scope="col" className="plb-right">
                  {text('EVIDENCE_MISSES')}
                </th>
                <th scope="col">{text('EVIDENCE_WITNESS')}</th>
              </tr>
            </thead>
            <tbody>
              {evidence.map((each) => (
                <EvidenceRow key={each.replica} evidence={each} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function EvidenceRow({ evidence }: { readonly evidence: Evidence }): ReactElement {
  const { replica, health, since, address, found, answeredAt, status, misses, witnessSaid } = evidence;
  const witness = witnessKey(evidence);
  return (
    <tr>
      <td>{replica}</td>
      <td>
        <WordStatus word={verdictWord(health)} />
        <small>
          {text('SINCE')} <Time at={since} />
        </small>
      </td>
      <td>
        {found}
        <small>{address}</small>
      </td>
      <td>
        <Time at={answeredAt} />
        {typeof status === 'number' && <small>{text('EVIDENCE_STATUS', { status })}</small>}
      </td>
      <td className="plb-right">{misses}</td>
      <td>
        {witness === undefined ? text('WITNESS_NOT_ASKED') : text(witness)}
        {typeof witnessSaid === 'string' && <small>{witnessSaid}</small>}
      </td>
    </tr>
  );
}
