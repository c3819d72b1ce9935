import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linkLayerCompliance, linkNames, linkPrefixes, type LinkName } from '../link-layer-compliance.ts';
import { FakeClock } from './clock.ts';
import { FakeLinkLayer, FakeWire } from './link-layer.ts';

const mac = (last: number): Uint8Array => Uint8Array.of(2, 0, 0, 0, 0, last);

linkLayerCompliance('fake', async () => {
  const clock = new FakeClock();
  const layer = new FakeLinkLayer(clock);
  const wires = { near: new FakeWire(clock), other: new FakeWire(clock) };
  const wireOf = { near: wires.near, far: wires.near, other: wires.other, otherFar: wires.other };
  const indices = new Map(
    linkNames.map((name, place) => [
      name,
      layer.add({ name: `fake-${name}`, mac: mac(place + 1), prefixes: [linkPrefixes[name]], wire: wireOf[name] }),
    ]),
  );
  const index = (name: LinkName): number => indices.get(name) ?? 0;
  const prefixes = (name: LinkName): readonly string[] =>
    layer.links().find((link) => link.index === index(name))?.prefixes ?? [];
  clock.advance(10);
  return {
    layer,
    setUp: (name, up) => layer.change(index(name), { up }),
    setMac: (name, address) => layer.change(index(name), { mac: address }),
    addPrefix: (name, prefix) => layer.change(index(name), { prefixes: [...prefixes(name), prefix] }),
    removePrefix: (name, prefix) =>
      layer.change(index(name), { prefixes: prefixes(name).filter((each) => each !== prefix) }),
    meet: (name, address, met) => layer.meet({ address, mac: met, link: index(name) }),
    addForeign: () => {
      const [name, prefixes] = ['cni0', ['203.0.114.1/24']];
      layer.add({ name, mac: mac(9), prefixes, wire: wires.near, looksForeign: true });
      return name;
    },
    remove: (name) => layer.remove(index(name)),
    until: async (condition) => {
      for (let i = 0; i < 20 && !condition(); i++) clock.advance(1);
      assert.ok(condition());
    },
  };
});

test('fake: several hosts share a wire; one that is cut off neither hears nor is heard until it is healed', () => {
  const clock = new FakeClock();
  const wire = new FakeWire(clock);
  const heard: string[] = [];
  const hosts = [1, 2, 3].map((number) => {
    const layer = new FakeLinkLayer(clock);
    const index = layer.add({ name: 'eth0', mac: mac(number), prefixes: [`192.0.2.${number}/24`], wire });
    const socket = layer.open(index, {
      onFrame: (frame) => heard.push(`${frame[11]}>${number}`),
      onGone: (reason) => assert.fail(reason),
    });
    const request = Uint8Array.of(...mac(255).fill(255), ...mac(number), 8, 6, 0, 1, 8, 0, 6, 4, 0, 1);
    return { layer, index, ask: () => socket.send(request) };
  });
  const exchange = (): string[] => {
    heard.length = 0;
    for (const { ask } of hosts) ask();
    clock.advance(10);
    return heard;
  };
  assert.deepEqual(exchange(), ['1>2', '1>3', '2>1', '2>3', '3>1', '3>2']);
  const [, , third] = hosts;
  assert.ok(third !== undefined);
  wire.cut(third.layer.end(third.index));
  assert.deepEqual(exchange(), ['1>2', '2>1']);
  wire.heal(third.layer.end(third.index));
  assert.equal(exchange().length, 6);
});
