import type { LinkOwner } from '../announce/link-owner.ts';
import { finding, type Finding, type Reason } from '../domain/reason.ts';
import type { Silence } from '../domain/replica.ts';
import type { StateObservation } from '../speakers/layer2/speaker.ts';

/** What to say of an address. */
export interface LinkView {
  readonly finding: Finding;
  /** The node whose MAC neighbours learn; none if nobody speaks for it. */
  readonly nodes: readonly string[];
}

/**
 * What to say of an address whose owner is another replica, by what that one says; and of one of ours that nothing keeps from being
 * announced.
 */
export function ownersView(
  { node, onBehalfOf }: LinkOwner,
  silence: Silence | undefined,
  params: Readonly<Record<string, string>> & { readonly ip: string },
): LinkView {
  if (silence !== undefined) return { finding: silenceTrouble(silence, params), nodes: [] };
  const [target = node] = onBehalfOf ?? [];
  const reason = onBehalfOf === undefined ? 'Announced' : 'AnnouncedForNode';
  return { finding: finding(reason, { ip: params.ip }), nodes: [target] };
}

const SILENCE_REASONS: Readonly<Record<Silence, Reason>> = {
  asking: 'AddressProbing',
  unmet: 'NodeNotMet',
  'no-link': 'NoReplicaOnLink',
};

/** Why the owner of an address does not speak for it. */
export function silenceTrouble(silence: Silence, params: Readonly<Record<string, string>>): Finding {
  return finding(SILENCE_REASONS[silence], params);
}

/**
 * Why an address is not announced that the speaker shall speak for; undefined if it is, or if it has not said anything yet.
 * @param isUncertain whether somebody else who has it may be a replica
 */
export function stateTrouble(
  state: StateObservation | undefined,
  params: Readonly<Record<string, string>>,
  isUncertain: boolean,
): Finding | undefined {
  switch (state?.state) {
    case 'probing':
      return finding('AddressProbing', params);
    case 'conflict':
      if (state.announced === true) return undefined;
      return isUncertain
        ? finding('AddressProbing', params)
        : finding('AddressConflict', { ...params, mac: state.mac ?? '' });
    case 'no-link':
      return finding('NoReplicaOnLink', params);
    default:
      return undefined;
  }
}

/** Why this host does not speak for an address of its own, by what its speaker says; undefined if it does, or has not said anything yet. */
export function silenceOf(state: StateObservation | undefined): Silence | undefined {
  if (state?.state === 'no-link') return 'no-link';
  return isSilent(state) ? 'asking' : undefined;
}

/** Nobody knows yet, or somebody else was found, before it was announced. */
function isSilent(state: StateObservation | undefined): boolean {
  return state?.state === 'probing' || (state?.state === 'conflict' && state.announced !== true);
}

/** Of an address of ours that was left to a node. One that may not take its traffic doesn't keep it if it can be helped: the link is asked soon. */
export function yieldedView(
  node: string,
  eligible: readonly string[],
  params: Readonly<Record<string, string>> & { readonly ip: string },
): LinkView {
  if (!eligible.includes(node)) return { finding: finding('AddressProbing', params), nodes: [] };
  return { finding: finding('Announced', { ip: params.ip }), nodes: [node] };
}
