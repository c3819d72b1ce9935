import React, { type ReactElement } from 'react';
import { text } from '../texts/texts.ts';
import { Time } from './Time.tsx';
import { told } from './told.ts';

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly text?: string;
  readonly since: string | null;
}

/** What the status of an object says, by the names that Kubernetes has for it. */
export function ConditionList({
  conditions,
}: {
  readonly conditions: readonly Condition[] | undefined;
}): ReactElement | null {
  if (conditions === undefined || conditions.length === 0) return null;
  return (
    <section className="plb-card" aria-label={text('CONDITIONS')}>
      <h2>{text('CONDITIONS')}</h2>
      <div className="plb-scroll">
        <table className="plb-table">
          <thead>
            <tr>
              <th scope="col">{text('CONDITION')}</th>
              <th scope="col">{text('STATE')}</th>
              <th scope="col">{text('MESSAGE')}</th>
              <th scope="col">{text('SINCE')}</th>
            </tr>
          </thead>
          <tbody>
            {conditions.map(({ type, status, reason, since, ...said }) => (
              <tr key={type}>
                <td>{type}</td>
                <td>
                  {status}
                  <small>{reason}</small>
                </td>
                <td>{told(said)}</td>
                <td>
                  <Time at={since} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
