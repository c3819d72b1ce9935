import { takeover } from '../takeover/takeover.ts';
import type { LocalCommand } from './command.ts';

export const takeoverOpenelb: LocalCommand = {
  name: 'takeover openelb',
  operands: '',
  summary: 'Move a live cluster from OpenELB to PorterLB in place, or back',
  problemsWhen:
    'something is in the way (nothing was done then), Pods do not end or become Ready, or an address changed',
  about:
    'Takes over the Services of an OpenELB (0.4 to 0.6, or PorterLB 0.4) that runs in this cluster: every Service keeps its address, and ' +
    'traffic stops once, between the two. PorterLB has to be installed before; it waits beside OpenELB. It asks the Kubernetes API with ' +
    'your rights, which must be those of an administrator. docs/how-to/takeover-openelb.md has the whole way.',
  examples: [
    { line: 'takeover openelb --dry-run', does: 'what is in the way, and what would be done' },
    { line: 'takeover openelb --apply', does: 'do it; whatever happens, the same command goes on from there' },
    { line: 'takeover openelb --rollback', does: 'back to OpenELB, with all addresses as they are now' },
  ],
  takes: ['dry-run', 'apply', 'rollback'],
  perform: takeover,
};
