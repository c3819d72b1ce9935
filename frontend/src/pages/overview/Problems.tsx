import React, { type ReactElement } from 'react';
import { Link } from 'react-router-dom';
import { useCluster } from '../../live/surroundings.tsx';
import { text } from '../../texts/texts.ts';
import { pageOf, type Problem } from './overview-model.ts';
import { told } from '../../parts/told.ts';

/** What is not as it should be, by reason, the most frequent first. */
export function Problems({ problems }: { readonly problems: readonly Problem[] }): ReactElement | null {
  if (problems.length === 0) return null;
  return (
    <section className="plb-card" aria-label={text('PROBLEMS')}>
      <h2>{text('PROBLEMS')}</h2>
      <div className="plb-scroll">
        <table className="plb-table">
          <thead>
            <tr>
              <th scope="col">{text('REASON')}</th>
              <th scope="col" className="plb-right">
                {text('COUNT')}
              </th>
              <th scope="col">{text('OBJECTS')}</th>
              <th scope="col">{text('MESSAGE')}</th>
            </tr>
          </thead>
          <tbody>
            {problems.map((problem) => (
              <tr key={`${problem.kind} ${problem.reason}`}>
                <td>
                  {problem.reason}
                  <small>{problem.kind}</small>
                </td>
                <td className="plb-right">{problem.count}</td>
                <td>
                  <Objects problem={problem} />
                </td>
                <td>{told(problem)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Objects({ problem: { kind, objects, count } }: { readonly problem: Problem }): ReactElement {
  const cluster = useCluster();
  const more = count - objects.length;
  return (
    <>
      {objects.map((object) => {
        const page = pageOf(kind, object);
        return (
          <div key={object}>
            {page === undefined ? object : <Link to={`/clusters/${cluster}/${page}`}>{object}</Link>}
          </div>
        );
      })}
      {more > 0 && <small>{text('AND_MORE', { count: more })}</small>}
    </>
  );
}
