import type { ServiceFacts } from '../services/service-model.ts';
import { text, type TextKey } from '../../texts/texts.ts';

type Told = ServiceFacts['allocated'];

/**
 * Reasons that lie with pools, nodes and peers, which who works in a project neither sees nor changes: what that means to them, and whom to ask.
 * Whatever isn't here lies with the Service itself, and the API says what to do about it.
 */
const WORDS: Readonly<Record<string, TextKey>> = {
  NoPoolMatches: 'TENANT_NO_POOL',
  PoolInvalid: 'TENANT_NO_POOL',
  PoolNotAllowed: 'TENANT_NO_POOL',
  PoolDisabled: 'TENANT_NO_POOL',
  PoolDeleting: 'TENANT_NO_POOL',
  PoolFull: 'TENANT_POOL_FULL',
  PoolResting: 'TENANT_POOL_RESTING',
  NotInRecordedPool: 'TENANT_NOT_ANNOUNCED',
  AllNodesExcluded: 'TENANT_NOT_ANNOUNCED',
  NoEligibleNode: 'TENANT_NOT_ANNOUNCED',
  NoPeer: 'TENANT_NOT_ANNOUNCED',
  NoPeerEstablished: 'TENANT_NOT_ANNOUNCED',
  ProtocolNotSupported: 'TENANT_NOT_ANNOUNCED',
  NoReplicaOnLink: 'TENANT_NOT_ANNOUNCED',
  NodeNotMet: 'TENANT_NOT_ANNOUNCED',
  AddressConflict: 'TENANT_NOT_ANNOUNCED',
  AddressTaken: 'TENANT_NOT_ANNOUNCED',
};

/** The Service with what is said of it in the words of who works in its project. */
export function inTenantsWords(service: ServiceFacts): ServiceFacts {
  return { ...service, allocated: reworded(service.allocated), announced: reworded(service.announced) };
}

function reworded(told: Told): Told {
  const reason = told?.reason ?? '';
  if (told === null || !Object.hasOwn(WORDS, reason)) return told;
  const message = text(WORDS[reason] as TextKey);
  return { ...told, message, text: message };
}
