import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { networkInterfaces, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { NetworkSize } from '../network/plan.ts';
import { withLock } from '../toolchain/file-lock.ts';
import { isRunning, ownIdentity } from '../toolchain/process-identity.ts';
import type { ProcessIdentity } from '../toolchain/process-identity.ts';
import { checkLabName, hostInterfaceOf } from './lab-name.ts';

/** What is known of a lab from outside the process that made it. */
export interface LabRecord {
  readonly name: string;
  /** Tells the labs of one machine apart in what they share: the host's link and its addresses. */
  readonly index: number;
  /** The process that ends the lab when it ends itself. */
  readonly owner: ProcessIdentity;
  /** Outlives its owner, until somebody takes it down. */
  readonly keep: boolean;
  /** Network namespaces and nodes (as root), or only processes. */
  readonly kind: 'cluster' | 'light';
  /** ISO 8601. */
  readonly created: string;
  /** Its size; set once it is up. */
  readonly shape?: NetworkSize;
}

const maxLabs = 64;

/** The folder that holds one folder per lab. Sockets live below it, whose paths may have 107 bytes: it is short. */
export function stateFolder(): string {
  return process.getuid?.() === 0 ? '/var/lib/porterlb-lab' : join(tmpdir(), `porterlb-lab-${userInfo().uid}`);
}

export function folderOf(name: string): string {
  return join(stateFolder(), checkLabName(name));
}

/** Reserves a name and an index. @throws {Error} if a lab of this name is there. */
export async function registerLab(lab: Pick<LabRecord, 'name' | 'keep' | 'kind'>): Promise<LabRecord> {
  const folder = folderOf(lab.name);
  return withLock(join(stateFolder(), '.lock'), async () => {
    const labs = await listLabs();
    if (labs.some((other) => other.name === lab.name)) {
      throw new Error(`a lab named "${lab.name}" is there already; npm run lab:down -- --name ${lab.name} ends it`);
    }
    const index = freeIndex(new Set(labs.map((other) => other.index)), new Set(Object.keys(networkInterfaces())));
    const record: LabRecord = { ...lab, index, owner: ownIdentity(), created: new Date().toISOString() };
    await mkdir(folder, { recursive: true, mode: 0o755 });
    await writeRecord(record);
    return record;
  });
}

/** The first index that neither a lab nor an interface of the host has. */
export function freeIndex(taken: ReadonlySet<number>, interfaces: ReadonlySet<string>): number {
  for (let index = 0; index < maxLabs; index++) {
    if (!taken.has(index) && !interfaces.has(hostInterfaceOf(index))) return index;
  }
  throw new Error(`there are ${maxLabs} labs on this machine; npm run lab:down -- --all ends them`);
}

export async function writeRecord(record: LabRecord): Promise<void> {
  const path = join(folderOf(record.name), 'lab.json');
  await writeFile(`${path}.new`, JSON.stringify(record, undefined, 2));
  await rename(`${path}.new`, path);
}

export async function readRecord(name: string): Promise<LabRecord | undefined> {
  try {
    return JSON.parse(await readFile(join(folderOf(name), 'lab.json'), 'utf8')) as LabRecord;
  } catch {
    return undefined;
  }
}

/** All labs of this user, whether their owners live or not. */
export async function listLabs(): Promise<LabRecord[]> {
  const names = await readdir(stateFolder()).catch(() => []);
  const records = await Promise.all(names.filter((name) => !name.startsWith('.')).map(readRecord));
  return records.filter((record) => record !== undefined);
}

/** Whether nobody will miss it: its owner is gone, and it was not meant to stay or never got up. */
export function isAbandoned(record: LabRecord): boolean {
  const stays = record.keep && record.shape !== undefined;
  return !stays && !isRunning(record.owner);
}

export async function forgetLab(name: string): Promise<void> {
  await rm(folderOf(name), { recursive: true, force: true });
}
