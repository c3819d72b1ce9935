import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { linkOwner, mayYield, outranks, type LinkSpeaker, type Ourselves, type Rival } from './link-owner.ts';
import { rank } from './rendezvous.ts';

const IP = '192.0.2.1';
// By hand from the rendezvous order, whose hash has golden vectors of its own.
const ORDER = rank(IP, ['n1', 'n2', 'n3']);
const [FIRST = '', SECOND = '', THIRD = ''] = ORDER;

function on(...nodes: string[]): LinkSpeaker[] {
  return nodes.map((node) => ({ replica: `porter-${node}`, node, stale: false }));
}

suite('the owner of an address on its link', () => {
  test('is the first eligible node, if its replica can speak', () => {
    assert.deepEqual(linkOwner(IP, ORDER, on('n1', 'n2', 'n3')), {
      replica: `porter-${FIRST}`,
      node: FIRST,
      onBehalfOf: undefined,
    });
  });

  test('is the next one, if the first runs no replica or that one has no link for it', () => {
    assert.equal(linkOwner(IP, ORDER, on(SECOND, THIRD))?.node, SECOND);
    assert.equal(linkOwner(IP, ORDER, on(THIRD))?.node, THIRD);
  });

  test('is an eligible one, also if others would rank before it', () => {
    assert.equal(linkOwner(IP, [THIRD], on(...ORDER))?.node, THIRD);
  });

  test('no eligible node runs a replica: another one speaks for them', () => {
    assert.deepEqual(linkOwner(IP, [FIRST, THIRD], on(SECOND)), {
      replica: `porter-${SECOND}`,
      node: SECOND,
      onBehalfOf: [FIRST, THIRD],
    });
    assert.equal(linkOwner(IP, [FIRST], on(SECOND, THIRD))?.node, SECOND);
  });

  test('nobody, without an eligible node or without a replica on the link', () => {
    assert.equal(linkOwner(IP, [], on(...ORDER)), undefined);
    assert.equal(linkOwner(IP, ORDER, []), undefined);
  });

  test('a replica whose view is stale loses against every fresh one', () => {
    const speakers = on(...ORDER).map((speaker) => ({ ...speaker, stale: speaker.node !== THIRD }));
    assert.equal(linkOwner(IP, ORDER, speakers)?.node, THIRD);
    assert.deepEqual(linkOwner(IP, [FIRST], speakers), {
      replica: `porter-${THIRD}`,
      node: THIRD,
      onBehalfOf: [FIRST],
    });
  });

  test('all are stale: as if none were', () => {
    const speakers = on(...ORDER).map((speaker) => ({ ...speaker, stale: true }));
    assert.equal(linkOwner(IP, ORDER, speakers)?.node, FIRST);
  });

  test('two replicas on one node: the first by name', () => {
    const speakers = [...on(FIRST), { replica: 'a', node: FIRST, stale: false }];
    assert.equal(linkOwner(IP, ORDER, speakers)?.replica, 'a');
  });
});

suite('who outranks whom', () => {
  test('by the order of the address', () => {
    assert.equal(outranks(IP, [FIRST, SECOND], ORDER), true);
    assert.equal(outranks(IP, [SECOND, FIRST], ORDER), false);
    assert.equal(outranks(IP, [FIRST, FIRST], ORDER), false);
  });
  test('an eligible node before any other', () => {
    assert.equal(outranks(IP, [THIRD, FIRST], [THIRD]), true);
    assert.equal(outranks(IP, [FIRST, THIRD], [THIRD]), false);
  });
});

suite('an address of ours is left to a rival', () => {
  const rival = (rest: Partial<Rival> = {}): Rival => ({
    ...{ node: FIRST, answers: true, speakers: on(FIRST), isMember: true, announces: true, insistsMs: 0 },
    ...rest,
  });
  const left = (rest: Partial<Rival>, ours: Partial<Ourselves> = {}, nodes = ORDER): boolean =>
    mayYield(IP, rival(rest), { node: SECOND, stale: false, ...ours }, nodes);
  const staleOn = (node: string): LinkSpeaker[] => on(node).map((speaker) => ({ ...speaker, stale: true }));

  test('of higher rank, not of lower', () => {
    assert.equal(left({}), true);
    assert.equal(left({ node: THIRD, speakers: on(THIRD) }), false);
  });
  test('that knows the cluster while we don’t, whatever the rank; never to one that doesn’t while we do', () => {
    assert.equal(left({ node: THIRD, speakers: on(THIRD) }, { stale: true }), true);
    assert.equal(left({ speakers: staleOn(FIRST) }), false);
    assert.equal(left({ speakers: staleOn(FIRST) }, { stale: true }), true);
  });
  test('not if its replica answers and has no link for it: that is the kernel', () => {
    assert.equal(left({ speakers: [] }), false);
  });
  test('not if no replica runs there', () => {
    assert.equal(left({ answers: false, speakers: [], isMember: false }), false);
  });
  test('that announces it and that we have not heard of, if our view is stale', () => {
    const unknown = { node: THIRD, answers: false, speakers: [], isMember: false };
    assert.equal(left(unknown), false);
    assert.equal(left(unknown, { stale: true }), true);
    assert.equal(left({ ...unknown, announces: false }, { stale: true }), false);
  });
  test('of a replica that we don’t hear otherwise, if it announces and not merely answers', () => {
    assert.equal(left({ answers: false, speakers: [] }), true);
    assert.equal(left({ answers: false, speakers: [], announces: false }), false);
  });
  test('not if it leaves, unless another replica answers from there, or our node is cut off', () => {
    const leaving = { answers: false, speakers: [], leaves: true };
    assert.equal(left(leaving), false);
    assert.equal(left({ ...leaving, insistsMs: 1_500 }, {}, [SECOND]), false);
    assert.equal(left({ ...leaving, isMember: false }, { stale: true }), false);
    assert.equal(left({ leaves: true }), true);
    assert.equal(left(leaving, { isCutOff: true }), true);
  });
  test('whatever its rank, if it announces and our node is cut off; of those that ask at the same time, by rank', () => {
    const lower = { node: THIRD, answers: false, speakers: [] };
    assert.equal(left(lower, { isCutOff: true }), true);
    assert.equal(left({ node: THIRD, speakers: on(THIRD) }, { isCutOff: true }), true, 'which we heard before that');
    assert.equal(left({ ...lower, announces: false }, { isCutOff: true }), false, 'its kernel');
    assert.equal(left({ ...lower, asks: true }, { isCutOff: true }), false);
    assert.equal(left({ ...lower, asks: true, node: FIRST }, { isCutOff: true }), true);
  });
  test('that we take for ineligible only if it goes on and on, and then by rank alone', () => {
    assert.equal(left({}, {}, [SECOND]), false);
    assert.equal(left({ insistsMs: 499 }, {}, [SECOND]), false);
    assert.equal(left({ insistsMs: 500 }, {}, [SECOND]), true);
    assert.equal(left({ node: THIRD, speakers: on(THIRD), insistsMs: 1_500 }, {}, [SECOND]), false);
    assert.equal(left({ insistsMs: 1_500, announces: false }, {}, [SECOND]), false, 'its kernel');
  });
  test('the same holds where its replica can’t be reached: both would speak for the address for ever', () => {
    const cutOff = { answers: false, speakers: [] };
    assert.equal(left(cutOff, {}, [SECOND]), false);
    assert.equal(left({ ...cutOff, insistsMs: 1_500 }, {}, [SECOND]), true);
    assert.equal(left({ ...cutOff, node: THIRD, insistsMs: 1_500 }, {}, [SECOND]), false);
    assert.equal(left({ ...cutOff, insistsMs: 1_500, announces: false }, {}, [SECOND]), false, 'its kernel');
  });
});

suite('one who speaks in the name of a node without a replica, and one who knows nothing of it', () => {
  /** Whose MAC, and by whom. */
  type Claim = Pick<Rival, 'node' | 'delegate'>;
  const heard = ({ node, delegate }: Claim, rest: Partial<Rival> = {}): Rival => ({
    ...{ node, ...(delegate !== undefined && { delegate }), announces: true, insistsMs: 500 },
    ...{ answers: true, isMember: true, speakers: on(delegate ?? node) },
    ...rest,
  });
  const yields = (ours: Claim, theirs: Claim, rest: Partial<Rival> = {}, nodes = [ours.node]): boolean =>
    mayYield(IP, heard(theirs, rest), { ...ours, stale: false }, nodes);

  test('go on for half a second, even where either takes the other’s node for eligible', () => {
    const named = { node: FIRST, delegate: SECOND };
    for (const nodes of [[THIRD], ORDER]) {
      assert.equal(yields({ node: THIRD }, named, { insistsMs: 499 }, nodes), false);
      assert.equal(yields({ node: THIRD }, named, { announces: false }, nodes), false);
      assert.equal(yields({ node: THIRD }, named, {}, nodes), true);
    }
  });

  test('nobody gets further by naming another node than by naming its own', () => {
    assert.equal(yields({ node: SECOND }, { node: FIRST, delegate: THIRD }), false);
    assert.equal(yields({ node: FIRST, delegate: THIRD }, { node: SECOND }), true);
    assert.equal(yields({ node: SECOND }, { node: FIRST, delegate: THIRD }, { answers: false, speakers: [] }), false);
  });

  test('who knows the cluster has it, or whoever we have not heard of, while our view is stale', () => {
    const named = { node: THIRD, delegate: SECOND };
    const stale = { node: FIRST, stale: true };
    assert.equal(mayYield(IP, heard(named, { insistsMs: 0 }), stale, [FIRST]), true);
    const unknown = { insistsMs: 0, answers: false, isMember: false, speakers: [] };
    assert.equal(mayYield(IP, heard(named, unknown), stale, [FIRST]), true);
  });

  const node = fc.integer({ min: 0, max: 9 }).map((n) => `n${n}`);
  const two = fc
    .tuple(fc.uniqueArray(node, { minLength: 4, maxLength: 4 }), fc.boolean(), fc.boolean())
    .map(([[a = '', b = '', c = '', d = ''], isNamed, isNamedToo]): [Claim, Claim] => [
      { node: a, ...(isNamed && { delegate: b }) },
      { node: c, ...(isNamedToo && { delegate: d }) },
    ]);

  test('one of both yields once both insist, and never both', () => {
    fc.assert(fc.property(two, ([a, b]) => yields(a, b) !== yields(b, a)));
  });

  test('never both where one of them is of a version that yields to no node without a replica', () => {
    /** By rank of the nodes alone. */
    const yieldedBefore = (ours: Claim, theirs: Claim): boolean =>
      theirs.delegate === undefined && outranks(IP, [theirs.node, ours.node], [theirs.node, ours.node]);
    fc.assert(fc.property(two, ([older, newer]) => !(yieldedBefore(older, newer) && yields(newer, older))));
  });

  test('of three, who has yielded to nobody is the same for all: no ring', () => {
    const rings = ([[a, b], [c]]: [[Claim, Claim], [Claim, Claim]]): boolean =>
      yields(a, b) && yields(b, c) && yields(c, a);
    fc.assert(fc.property(fc.tuple(two, two), (claims) => !rings(claims)));
  });
});

suite('few addresses move', () => {
  const node = fc.integer({ min: 0, max: 40 }).map((n) => `n${n}`);
  const nodes = fc.uniqueArray(node, { minLength: 2, maxLength: 12 });
  const ips = Array.from({ length: 40 }, (_, i) => `192.0.2.${i}`);
  const owners = (eligible: readonly string[], speakers: readonly string[]): Map<string, string | undefined> =>
    new Map(ips.map((ip) => [ip, linkOwner(ip, rank(ip, eligible), on(...speakers))?.node]));

  test('one node less moves its own, and nothing else', () => {
    fc.assert(
      fc.property(nodes, nodes, (eligible, speakers) => {
        const [gone] = eligible;
        fc.pre(gone !== undefined && eligible.slice(1).some((each) => speakers.includes(each)));
        const before = owners(eligible, speakers);
        const after = owners(eligible.slice(1), speakers);
        for (const ip of ips) if (before.get(ip) !== gone) assert.equal(after.get(ip), before.get(ip));
      }),
    );
  });

  test('one replica less moves its own, and nothing else; one more takes only for itself', () => {
    fc.assert(
      fc.property(nodes, nodes, (eligible, speakers) => {
        const [gone] = speakers;
        fc.pre(gone !== undefined && speakers.slice(1).some((each) => eligible.includes(each)));
        const before = owners(eligible, speakers);
        const after = owners(eligible, speakers.slice(1));
        for (const ip of ips) if (before.get(ip) !== gone) assert.equal(after.get(ip), before.get(ip));
      }),
    );
  });

  test('an owner is always eligible while any eligible node can speak', () => {
    fc.assert(
      fc.property(nodes, nodes, (eligible, speakers) => {
        fc.pre(eligible.some((each) => speakers.includes(each)));
        for (const owner of owners(eligible, speakers).values()) assert.ok(eligible.includes(owner ?? ''));
      }),
    );
  });
});
