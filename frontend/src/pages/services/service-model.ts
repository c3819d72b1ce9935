import type { ListedService } from '../../generated/api.ts';
import type { Level } from '../../parts/Status.tsx';
import type { TextKey } from '../../texts/texts.ts';
import { detailOf, told } from '../../parts/told.ts';

/** What is known of one Service wherever it is shown. */
export type ServiceFacts = Omit<ListedService, 'takers'>;

/** How a Service is, in one word, with the reason where that is news. */
export interface ServiceState {
  readonly level: Level;
  readonly title: TextKey;
  readonly detail: string | undefined;
}

type Check = (service: ServiceFacts) => ServiceState | undefined;

const notServed: Check = ({ served, notServedBecause }) =>
  served ? undefined : { level: 'off', title: 'SERVICE_NOT_SERVED', detail: notServedBecause?.text };

const waits: Check = ({ ips, allocated }) =>
  ips.length > 0
    ? undefined
    : {
        level: allocated?.status === 'False' ? 'bad' : 'unknown',
        title: 'SERVICE_WAITING',
        detail: detailOf(allocated),
      };

const notAnnounced: Check = ({ announced }) =>
  announced?.status === 'False' ? { level: 'bad', title: 'SERVICE_NOT_ANNOUNCED', detail: told(announced) } : undefined;

const notKnown: Check = ({ announced }) =>
  announced?.status === 'True' ? undefined : { level: 'unknown', title: 'STATE_UNKNOWN', detail: detailOf(announced) };

/** It has some of what it asks for. */
const lacksSome: Check = ({ allocated }) =>
  allocated?.status === 'False' ? { level: 'warning', title: 'SERVICE_ANNOUNCED', detail: told(allocated) } : undefined;

const CHECKS: readonly Check[] = [notServed, waits, notAnnounced, notKnown, lacksSome];

/** The first check that has something to say does. */
export function serviceState(service: ServiceFacts): ServiceState {
  for (const check of CHECKS) {
    const state = check(service);
    if (state !== undefined) return state;
  }
  return { level: 'good', title: 'SERVICE_ANNOUNCED', detail: undefined };
}
