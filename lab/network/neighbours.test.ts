import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseNeighbours } from './neighbours.ts';

test('reads what ip prints: known neighbours have a MAC, those that are asked for or silent have none', () => {
  // Printed by `ip` of iproute2 6.1.0 (Debian 12), Linux 6.18.
  const json =
    '[{"dst":"10.50.0.3","dev":"eth0","state":["INCOMPLETE"]},{"dst":"10.50.0.4","dev":"eth0","state":["FAILED"]},' +
    '{"dst":"10.50.0.2","dev":"eth0","lladdr":"1e:0e:d3:f9:29:3b","state":["REACHABLE"]},' +
    '{"dst":"fd00:50::2","dev":"eth0","lladdr":"1e:0e:d3:f9:29:3b","router":null,"state":["STALE"]}]';
  assert.deepEqual(
    [...parseNeighbours(json)],
    [
      ['10.50.0.2', '1e:0e:d3:f9:29:3b'],
      ['fd00:50::2', '1e:0e:d3:f9:29:3b'],
    ],
  );
  assert.equal(parseNeighbours('').size, 0);
});
