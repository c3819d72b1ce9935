import React, { type ReactElement } from 'react';
import type { ObjectStore } from '../api/objects.ts';
import type { Bodies } from '../generated/api.ts';
import { useObjects } from '../live/surroundings.tsx';
import { text, type TextKey } from '../texts/texts.ts';
import type { Action } from './ActionMenu.tsx';
import { Confirm } from './Confirm.tsx';
import { Simulated, useSimulation } from './SimulationView.tsx';

/** One way in which an object of a kind can be changed without a form, as data. */
export interface Way {
  readonly action: TextKey;
  /** What it means. */
  readonly about: TextKey;
  /** What is said when it is done. */
  readonly done: TextKey;
  readonly apply: (objects: ObjectStore, name: string) => Promise<unknown>;
  /** What the API is asked to try out first; undefined: it affects nobody. */
  readonly simulation?: (name: string) => Bodies['simulate'];
  readonly isDangerous?: boolean;
  /** The object is gone by it. */
  readonly removes?: boolean;
}

/** What somebody is about to do with an object. */
export interface ObjectChange {
  readonly way: Way;
  readonly name: string;
}

export type Choose = (way: Way) => void;

/** Entries of a menu that begin changes. */
export function actionsOf(ways: readonly Way[], choose: Choose): Action[] {
  return ways.map((way) => ({ label: text(way.action), onChoose: () => choose(way) }));
}

interface Props {
  readonly change: ObjectChange;
  /** `changed`: whether it was done. */
  readonly onClose: (changed: boolean) => void;
}

/** Says what a change means, and whom it would affect, before it is made. */
export function ObjectChangeDialog({ change: { way, name }, onClose }: Props): ReactElement {
  const objects = useObjects();
  const { action, about, done, apply, simulation, isDangerous = false } = way;
  const asked = simulation?.(name);
  const outcome = useSimulation(asked);
  return (
    <Confirm
      title={text('OF_OBJECT', { action: text(action), name })}
      action={text(action)}
      dangerous={isDangerous}
      notYet={asked !== undefined && outcome === undefined}
      onConfirm={() => apply(objects, name)}
      done={text(done, { name })}
      onClose={onClose}
    >
      <p>{text(about)}</p>
      {asked !== undefined && <Simulated outcome={outcome} />}
    </Confirm>
  );
}
