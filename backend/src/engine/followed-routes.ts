import type { Clock, LinkLayer, Timer } from '../platform/ports.ts';
import { followsRoutes, isName } from '../speakers/layer2/resolve.ts';

export interface FollowedRoutesDeps {
  readonly clock: Clock;
  readonly links: Pick<LinkLayer, 'setNamed'>;
  /** Routes may have changed without any change of the links. */
  readonly onDue: () => void;
}

const ROUTES_MS = 5_000;

/** Which links the pools name, and when to look again where those lead that say it by an address (`can_reach`): the kernel's routes aren't watched. */
export class FollowedRoutes {
  readonly #deps: FollowedRoutesDeps;
  #selectors: ReadonlySet<string> = new Set();
  #timer: Timer | undefined;
  #stopped = false;

  constructor(deps: FollowedRoutesDeps) {
    this.#deps = deps;
  }

  /** `interface` of all pools that have addresses, as `follow` was told. */
  get selectors(): ReadonlySet<string> {
    return this.#selectors;
  }

  follow(selectors: Iterable<string>): void {
    this.#selectors = new Set(selectors);
    this.#deps.links.setNamed(new Set([...this.#selectors].filter(isName)));
    if (this.#stopped || ![...this.#selectors].some(followsRoutes)) return;
    this.#timer ??= this.#deps.clock.setTimer(ROUTES_MS, () => {
      this.#timer = undefined;
      this.#deps.onDue();
    });
  }

  /** It names a link, or an address, that the others have not been told about. */
  isUnheardOf(selector: string): boolean {
    return selector !== '' && !this.#selectors.has(selector);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
