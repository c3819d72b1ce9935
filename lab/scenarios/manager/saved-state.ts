import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decode } from '../../../backend/src/saved/codec.ts';
import { until } from '../../state/until.ts';
import type { ManagerLab } from './manager-lab.ts';

/** Waits until the replicas on these machines have saved that these Services (names in the namespace `default`) were announced. */
export async function saved(lab: ManagerLab, members: readonly string[], services: readonly string[]): Promise<void> {
  const has = async (node: string): Promise<boolean> => {
    const found = decode(await readFile(join(lab.replicas.stateDir(node), 'inputs')));
    if (!found.ok) throw new Error(found.message);
    return services.every((name) => found.value.inputs.services.get(`default/${name}`)?.announcedBefore === true);
  };
  for (const node of members) await until(async () => has(node), { what: `${node} to have saved ${services.join()}` });
}

/** How often a replica has said since the lab came up that it announces what an earlier process knew. */
export async function startsFromSaved(lab: ManagerLab, node: string): Promise<number> {
  return (await lab.replicas.log(node)).split('announcing what it said before this container started').length - 1;
}
