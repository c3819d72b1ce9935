import { REASONS } from '../../domain/reason.ts';
import { SERVICE_CONDITIONS } from '../../resources/keys.ts';
import type * as kinds from '../kinds.ts';
import { Tally } from '../tally.ts';
import type { Change } from './informer.ts';

const KNOWN: ReadonlySet<string> = new Set(REASONS);
/** Whoever may write the status of a Service can't make more of them than there are reasons. */
const OTHER = 'Other';

/** How many Services have a condition of ours with which reason. */
export class ServiceReasons {
  readonly #tallies = { Allocated: new Tally(), Announced: new Tally() };

  /** By reason, of each condition. */
  get counts(): Readonly<Record<'Allocated' | 'Announced', ReadonlyMap<string, number>>> {
    const { Allocated, Announced } = this.#tallies;
    return { Allocated: Allocated.counts, Announced: Announced.counts };
  }

  note(change: Change<kinds.Service>): void {
    const { previous } = change;
    const object = change.type === 'set' ? change.object : undefined;
    const { Allocated, Announced } = this.#tallies;
    Allocated.change(reasonOf(previous, SERVICE_CONDITIONS.allocated), reasonOf(object, SERVICE_CONDITIONS.allocated));
    Announced.change(reasonOf(previous, SERVICE_CONDITIONS.announced), reasonOf(object, SERVICE_CONDITIONS.announced));
  }
}

function reasonOf(service: kinds.Service | undefined, type: string): string | undefined {
  const reason = service?.status?.conditions?.find((condition) => condition.type === type)?.reason;
  return reason === undefined || KNOWN.has(reason) ? reason : OTHER;
}
