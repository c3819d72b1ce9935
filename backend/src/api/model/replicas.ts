import type { Word } from '../replicas/gather.ts';
import type { Replica, Version } from '../schemas/replica.ts';
import type { Texts } from '../texts.ts';

/** Each replica, and whether it said what only it knows. */
export function replicasAnswer(words: readonly Word[], texts: Texts): Replica[] {
  return words.map((word) => {
    const { name, node = null } = word.replica;
    if (!('facts' in word)) return { name, node, answered: false, problem: texts.told(word.problem) };
    const { version, leads, stale, medOffset = null, startedAt } = word.facts;
    return { name, node, answered: true, version, leads, viewIsStale: stale, medOffset, startedAt };
  });
}

function byVersion(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

export function versionAnswer(words: readonly Word[], texts: Texts): Version {
  const replicas = replicasAnswer(words, texts);
  const [lowest = ''] = replicas.flatMap(({ version }) => version ?? []).sort(byVersion);
  return { version: lowest, api: { group: 'porterlb.kubesphere.io', version: 'v1alpha1' }, replicas };
}
