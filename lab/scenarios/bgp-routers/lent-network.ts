import { RouterNetwork, type Ends } from './router-network.ts';

/** A machine of a lab for a router, and one for a speaker: they are there before it, and after it. */
export class LentNetwork extends RouterNetwork {
  override readonly router: string;
  override readonly speaker: string;
  override readonly addresses: Ends;

  /** @param name of nothing that there is */
  constructor(name: string, router: Machine, speaker: Machine) {
    super(name);
    this.router = router.namespace;
    this.speaker = speaker.namespace;
    this.addresses = { router: router.addresses, speaker: speaker.addresses };
  }

  override async create(): Promise<void> {}

  override async remove(): Promise<void> {}
}

export interface Machine {
  readonly namespace: string;
  readonly addresses: Ends['router'];
}
