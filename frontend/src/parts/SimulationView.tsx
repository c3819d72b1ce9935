import React, { useEffect, useState, type ReactElement } from 'react';
import { asFailure, type Failure } from '../api/failure.ts';
import type { Bodies, Simulation } from '../generated/api.ts';
import { useApi } from '../live/surroundings.tsx';
import { text, type TextKey } from '../texts/texts.ts';
import { moved } from './moved.ts';
import { Notice } from './Notice.tsx';
import { failureText } from './PageState.tsx';
import { MissingReplicas } from './Replicas.tsx';

/** What came of a simulation; undefined: nothing yet. */
export type SimulationOutcome = { readonly simulation: Simulation } | { readonly failure: Failure } | undefined;

/** How many of those who are affected are named. */
const NAMED = 8;

/** What would change, by the API's simulation; asked anew whenever the change is another one. `body`: undefined: nothing is asked. */
export function useSimulation(body: Bodies['simulate'] | undefined): SimulationOutcome {
  const api = useApi();
  const [settled, setSettled] = useState<{ readonly of: string; readonly outcome: SimulationOutcome }>();
  const asked = body === undefined ? undefined : JSON.stringify(body);
  useEffect(() => {
    setSettled(undefined);
    if (asked === undefined) return undefined;
    let isCurrent = true;
    const settle = (outcome: SimulationOutcome): void => {
      if (isCurrent) setSettled({ of: asked, outcome });
    };
    api.ask({ operation: 'simulate', body: JSON.parse(asked) as Bodies['simulate'] }).then(
      (simulation) => settle({ simulation }),
      (error: unknown) => settle({ failure: asFailure(error) }),
    );
    return () => {
      isCurrent = false;
    };
  }, [api, asked]);
  return settled?.of === asked ? settled?.outcome : undefined;
}

/** Asks, and shows the answer. */
export function SimulationView({ body }: { readonly body: Bodies['simulate'] }): ReactElement {
  return <Simulated outcome={useSimulation(body)} />;
}

export function Simulated({ outcome }: { readonly outcome: SimulationOutcome }): ReactElement {
  if (outcome === undefined) return <p role="status">{text('SIMULATING')}</p>;
  if ('failure' in outcome) {
    return <Notice level="warning">{text('SIMULATION_FAILED', { why: failureText(outcome.failure) })}</Notice>;
  }
  return (
    <>
      <Effects simulation={outcome.simulation} />
      <MissingReplicas replicas={outcome.simulation.replicas} />
    </>
  );
}

const EFFECTS: readonly (readonly [keyof Simulation & ('loses' | 'unknown' | 'moves' | 'gains'), TextKey])[] = [
  ['loses', 'SIMULATION_LOSES'],
  ['unknown', 'SIMULATION_UNKNOWN'],
  ['moves', 'SIMULATION_MOVES'],
  ['gains', 'SIMULATION_GAINS'],
];

function Effects({ simulation }: { readonly simulation: Simulation }): ReactElement {
  // Older versions of PorterLB have no word for what is not known.
  const { loses, unknown = 0, moves, gains, keeps, changes } = simulation;
  if (loses + unknown + moves + gains === 0)
    return (
      <Notice level="info">
        {keeps === 0 ? text('SIMULATION_NOBODY') : text('SIMULATION_NOTHING', { count: keeps })}
      </Notice>
    );
  return (
    <Notice level={loses + unknown > 0 ? 'warning' : 'info'}>
      <ul className="plb-effects">
        {EFFECTS.filter(([effect]) => simulation[effect] > 0).map(([effect, title]) => (
          <li key={effect}>
            {text(title, { count: simulation[effect] })}
            <Affected changes={changes.filter((each) => each.effect === effect)} count={simulation[effect]} />
          </li>
        ))}
        <li>{text('SIMULATION_KEEPS', { count: keeps })}</li>
      </ul>
    </Notice>
  );
}

type Change = Simulation['changes'][number];

/** Those whom one effect is about, by name, as far as there is room. */
function Affected(props: { readonly changes: readonly Change[]; readonly count: number }): ReactElement | null {
  const { changes, count } = props;
  const named = changes.slice(0, NAMED);
  // The API lists the worst ones, and of the others may tell no more than their number, which is said already.
  if (named.length === 0) return null;
  const more = count - named.length;
  return (
    <ul>
      {named.map((change, i) => (
        <li key={i}>{affected(change)}</li>
      ))}
      {more > 0 && <li>{text('AND_MORE', { count: more })}</li>}
    </ul>
  );
}

function affected({ effect, ip, services, before, after }: Change): string {
  // Services of projects that the reader may not see have no name.
  const names = services.map((service) => service ?? text('OF_ANOTHER_PROJECT')).join(', ');
  const who = ip === null ? names : `${ip} (${names})`;
  if (effect !== 'moves') return who;
  // Other nodes take the traffic, or other routers hear of it.
  const told = [moved(before.nodes, after.nodes), moved(before.peers, after.peers)].filter((way) => way !== undefined);
  return told.length === 0 ? who : `${who}: ${told.join('; ')}`;
}
