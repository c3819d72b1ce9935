import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EXIT } from '../failure.ts';
import type { Replica, ServicePath } from '../generated/api.ts';
import * as answers from '../testing/answers.ts';
import { table, task } from '../testing/tables.ts';
import { path } from './path.ts';

/** The part of the table that tells of routers, from an empty line in front of it. */
function routersTable(peers: ServicePath['peers'], replicas: readonly Replica[] = []): string {
  const given = answers.service({ paths: [answers.servicePath({ peers })], replicas });
  const text = table(task(path, 'web'), { service: given });
  return text.slice(text.indexOf('\n  PEER'));
}

describe('path', () => {
  it('shows who takes the traffic and what each router is told', () => {
    assert.equal(
      table(task(path, 'web'), { service: answers.service() }),
      `
Service shop/web: TCP/80, externalTrafficPolicy Cluster

192.0.2.1
  Pool    public (bgp)
  State   The address 192.0.2.1 is announced.
  Nodes   n1 10.0.0.11
  PEER   REPLICA            SESSION                 MED   NEXT HOPS
  r1     porter-manager-a   Established, ADD-PATH   100   10.0.0.11
`,
    );
    assert.equal(task(path, 'web').exitCode({ service: answers.service() }), EXIT.fine);
  });

  it('says why there is no address, or nobody who takes its traffic, and ends with 1', () => {
    const waiting = {
      status: 'False',
      reason: 'PoolExhausted',
      message: 'The Eip public is full.',
      text: 'The Eip public is full.',
      since: null,
    } as const;
    const without = { service: answers.service({ paths: [], allocated: waiting }) };
    assert.match(table(task(path, 'web'), without), /It has no address: The Eip public is full\.\n$/);
    assert.match(table(task(path, 'web'), without, 30), /It has no address: The Eip\npublic is full\.\n$/);
    assert.equal(task(path, 'web').exitCode(without), EXIT.problems);
    const nobody = {
      service: answers.service({ paths: [answers.servicePath({ announced: false, nodes: [], peers: [] })] }),
    };
    assert.match(table(task(path, 'web'), nobody), / {2}Nodes {3}nobody\n$/);
    assert.equal(task(path, 'web').exitCode(nobody), EXIT.problems);
    const unknown = { service: answers.service({ paths: [answers.servicePath({ announced: null })] }) };
    assert.equal(task(path, 'web').exitCode(unknown), EXIT.problems);
  });

  it('ends with 1 where no router hears of an address, as its session is down, has another family, or is told nothing', () => {
    const [heard] = answers.servicePath().peers;
    assert.ok(heard !== undefined);
    const [session] = heard.confirmed;
    assert.ok(session !== undefined);
    const exitCode = (...peers: (typeof heard)[]): number =>
      task(path, 'web').exitCode({ service: answers.service({ paths: [answers.servicePath({ peers })] }) });
    const down = { ...heard, confirmed: [{ ...session, state: 'Active' }] };
    assert.equal(exitCode(heard), EXIT.fine);
    assert.equal(exitCode(down), EXIT.problems);
    assert.equal(exitCode(down, heard), EXIT.fine);
    assert.equal(exitCode({ ...heard, confirmed: [{ ...session, negotiated: false }] }), EXIT.problems);
    assert.equal(exitCode({ ...heard, intended: [] }), EXIT.problems);
    assert.equal(exitCode(), EXIT.problems);
    const layer2 = answers.servicePath({ protocol: 'layer2', owner: 'n1', peers: [] });
    assert.equal(task(path, 'web').exitCode({ service: answers.service({ paths: [layer2] }) }), EXIT.fine);
  });

  it('says of each replica how its session with a router is, also where that one is told nothing', () => {
    const down = { replica: 'porter-manager-b', state: 'Active', negotiated: false, addPath: false };
    const up = { replica: 'porter-manager-a', state: 'Established', negotiated: true, addPath: true };
    const other = { ...up, replica: 'porter-manager-c', negotiated: false, addPath: false };
    const route = { replica: 'porter-manager-b', med: 200, nextHops: ['10.0.0.12'] };
    const [router] = answers.servicePath().peers;
    assert.ok(router !== undefined);
    assert.equal(
      routersTable([
        { ...router, intended: [], confirmed: [other, up, down] },
        { ...router, peer: 'r2', intended: [route], confirmed: [down, up] },
      ]),
      `
  PEER   REPLICA            SESSION                            MED   NEXT HOPS
  r1     porter-manager-a   Established, ADD-PATH              -     told nothing
  r1     porter-manager-b   Active                             -     told nothing
  r1     porter-manager-c   Established, not for this family   -     told nothing
  r2     porter-manager-a   Established, ADD-PATH              -     told nothing
  r2     porter-manager-b   Active                             200   10.0.0.12
`,
    );
  });

  it('says why there is no session with a router, or that this is not known', () => {
    const heard = answers.replica('porter-manager-a');
    const silent = answers.replica('porter-manager-b', { answered: false, problem: 'no answer within 1500 ms' });
    const [router] = answers.servicePath().peers;
    assert.ok(router !== undefined);
    const said = (replicas: readonly Replica[], more: Partial<typeof router> = {}): string =>
      routersTable([{ ...router, intended: [], confirmed: [], ...more }], replicas).split('\n')[2] ?? '';
    assert.match(said([heard]), /^ {2}r1 +- +no replica has one +- +-$/);
    assert.match(said([heard, silent]), /^ {2}r1 +- +no replica that answered has one +- +-$/);
    assert.match(said([silent]), /^ {2}r1 +- +not known: no replica answered +- +-$/);
    // Of a route that a replica has, before it says anything of the session.
    assert.match(said([heard], { intended: router.intended }), /^ {2}r1 +porter-manager-a +none +100 +10\.0\.0\.11$/);
  });
});
