import { rmdir } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { cgroupsWith, removeCgroup } from '../cluster/cgroups.ts';
import { namespacesWith, removeNamespaces } from '../network/topology.ts';
import { withLock } from '../toolchain/file-lock.ts';
import type { Progress } from '../toolchain/index.ts';
import { run } from '../toolchain/run.ts';
import { hostInterfaceOf, namespaceOf } from './lab-name.ts';
import { folderOf, forgetLab, isAbandoned, listLabs, stateFolder } from './lab-registry.ts';
import type { LabRecord } from './lab-registry.ts';
import { Processes } from './processes.ts';

/** Removes all that is left of a lab, however it ended. Safe to repeat. */
export async function teardown(record: LabRecord): Promise<void> {
  await new Processes(folderOf(record.name)).stopAll();
  if (process.getuid?.() === 0 && process.platform === 'linux') await removeFromKernel(record);
  await forgetLab(record.name);
  // The kubelet's built-in path was only a place to mount on; it stays where somebody else uses it.
  if ((await listLabs()).length === 0) await rmdir('/var/lib/kubelet').catch(() => undefined);
}

/** Ends labs whose owners are gone and that nobody asked to keep. */
export async function collectGarbage(progress: Progress): Promise<void> {
  await withLock(join(stateFolder(), '.garbage.lock'), async () => {
    for (const record of (await listLabs()).filter(isAbandoned)) {
      progress(`removing what an interrupted run left: lab "${record.name}" of ${record.created}`);
      await teardown(record);
    }
  });
}

async function removeFromKernel({ name, index }: LabRecord): Promise<void> {
  const prefix = namespaceOf(name, '');
  for (const cgroup of await cgroupsWith(prefix)) await removeCgroup(cgroup);
  await removeNamespaces(await namespacesWith(prefix).catch(() => []));
  // It goes with the namespace of its other end, but only when the kernel gets round to it.
  const device = hostInterfaceOf(index);
  if (device in networkInterfaces()) await run('ip', ['link', 'del', device]).catch(() => undefined);
}
