import { alive } from '../../announce/eligible.ts';
import type { NodeHealth } from '../../announce/snapshot.ts';
import type { Node } from '../../domain/node.ts';
import { finding, type Finding } from '../../domain/reason.ts';
import type { NodeVerdict } from '../../health/node-verdict.ts';
import type { Word } from '../replicas/gather.ts';
import type { NodeAnswer } from '../schemas/node.ts';
import type { Texts } from '../texts.ts';
import type { ClusterPicture } from './picture.ts';

export type Evidence = NodeAnswer['evidence'][number];

function evidenceOf(verdict: NodeVerdict, replica: string): Evidence {
  const { health, address, since, found, answered, status, misses, witness, witnessSaid } = verdict;
  const last = {
    answeredAt: answered ?? null,
    status: status ?? null,
    witness: witness ?? null,
    witnessSaid: witnessSaid ?? null,
  };
  return { replica, health, address, since, found, misses, ...last };
}

/** What each replica that answered finds of each node, by the node's name. */
export function evidenceByNode(words: readonly Word[]): ReadonlyMap<string, readonly Evidence[]> {
  const all = words.flatMap((word) => {
    if (!('facts' in word)) return [];
    return word.facts.nodes.map((verdict) => [verdict.node, evidenceOf(verdict, word.facts.replica)] as const);
  });
  const grouped = Map.groupBy(all, ([node]) => node);
  return new Map([...grouped].map(([node, entries]) => [node, entries.map(([, evidence]) => evidence)]));
}

/** Nobody who says `unknown` contradicts. */
export function verdictOf(evidence: readonly Pick<Evidence, 'health'>[]): NodeAnswer['verdict'] {
  const words = new Set(evidence.map(({ health }) => health).filter((health) => health !== 'unknown'));
  const [only] = words;
  return words.size > 1 ? 'divided' : (only ?? 'unknown');
}

function barred(node: Node, health: NodeHealth): Finding | undefined {
  if (node.excluded) return finding('NodeExcluded', { node: node.name });
  if (node.networkUnavailable) return finding('NodeNetworkUnavailable', { node: node.name });
  return alive({ node, health });
}

export function nodeAnswer(node: Node, evidence: readonly Evidence[], texts: Texts): NodeAnswer {
  const verdict = verdictOf(evidence);
  const found = barred(node, verdict === 'divided' ? 'alive' : verdict);
  return {
    name: node.name,
    addresses: node.internalIPs.map(({ text }) => text),
    ready: node.ready,
    verdict,
    takesTraffic: found === undefined,
    because: found === undefined ? null : { reason: found.reason, text: texts.reason(found) },
    drains: node.drainSignals.map(({ kind }) => kind),
    evidence: evidence.map(({ found: probed, witnessSaid, ...each }) => ({
      ...each,
      found: texts.told(probed),
      witnessSaid: witnessSaid === null ? null : texts.networkWords(witnessSaid),
    })),
  };
}

export function nodeAnswers(picture: ClusterPicture, words: readonly Word[], texts: Texts): NodeAnswer[] {
  const evidence = evidenceByNode(words);
  return [...picture.view.nodes.values()].map((node) => nodeAnswer(node, evidence.get(node.name) ?? [], texts));
}
