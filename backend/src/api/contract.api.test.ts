import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { ensureSchemathesis, progressToStderr, type PythonProgram } from '../../../lab/toolchain/index.ts';
import { ApiBench, bgpConfs, bgpPeers, eips, factsOf, kinds, served } from './testing/api-bench.ts';
import { announced, aNode, aSession } from './testing/facts.ts';

const SPEC = join(import.meta.dirname, '../../openapi.json');
const CHECKS = 'not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance';
/** Every object has this name: a request that is made up finds something. */
const NAME = 'a';

let api: ApiBench;
let schemathesis: PythonProgram;
let ticking: NodeJS.Timeout;
let folder: string;

before(async () => {
  schemathesis = await ensureSchemathesis(progressToStderr);
  folder = mkdtempSync(join(tmpdir(), 'porterlb-contract-'));
  api = await new ApiBench().start({ docs: true, checkAnswers: true });
  await api.store(bgpConfs, { metadata: { name: 'default' }, spec: { as: 64512 } });
  await api.store(eips, { metadata: { name: NAME }, spec: { address: '192.0.2.0/28' } });
  await api.store(bgpPeers, {
    metadata: { name: NAME },
    spec: { conf: { peerAs: 65000, neighborAddress: '203.0.113.1' } },
  });
  await api.store(kinds.nodes, aNode(NAME, '203.0.113.11'));
  await api.store(kinds.services, served(`${NAME}/${NAME}`, '192.0.2.1', NAME));
  const addresses = [announced('192.0.2.1', `${NAME}/${NAME}`, ['203.0.113.11'])];
  api.replicas.set('porter-0', factsOf('porter-0', { addresses, sessions: [aSession(NAME)] }));
  api.replicas.set('porter-1', undefined);
  // Limits of callers are by this clock: none of them is what is looked for here, and so it leaps from one request to the next. While one is answered it
  // goes as clocks do, however busy the machine is: an answer takes ten seconds at most.
  api.onRequest = () => api.clock.advance(2_000);
  ticking = setInterval(() => api.clock.advance(10), 10);
});

after(async () => {
  clearInterval(ticking);
  await api.stop();
  rmSync(folder, { recursive: true });
});

/** What it finds, and its exit status. */
async function fuzzed(
  parameters: string,
  more: readonly string[],
): Promise<{ readonly code: number; readonly text: string }> {
  const config = join(folder, 'schemathesis.toml');
  writeFileSync(config, parameters);
  const args = [
    ...schemathesis.args,
    ...['--config-file', config, 'run', SPEC, '--url', `http://127.0.0.1:${api.port}`, '--checks', CHECKS],
    ...['-H', 'Authorization: Bearer admin', '--seed', '1', '--generation-database', 'none', '--no-color'],
    ...['--warnings', 'off', '--continue-on-failure', '--workers', '1', ...more],
  ];
  const env = { ...process.env, ...schemathesis.env, PYTHONDONTWRITEBYTECODE: '1' };
  const child = spawn(schemathesis.program, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const [code] = (await once(child, 'close')) as [number];
  return { code, text };
}

/** Both ways of asking must have come to something. */
function asked(): { readonly found: number; readonly refused: number } {
  const { statuses } = api;
  const refused = [400, 404, 405].reduce((sum, status) => sum + (statuses.get(status) ?? 0), 0);
  const outcome = { found: statuses.get(200) ?? 0, refused };
  statuses.clear();
  return outcome;
}

/** By how much is asked, which the seed decides, and not by time: a busy machine would have asked for less. Some 1,000 requests each. */
const BOUNDS = ['--phases', 'coverage,fuzzing', '--max-examples', '20'];

suite('whatever is asked, nothing fails by a fault of ours, and every answer is as OpenAPI says', () => {
  test('of objects that are there', async () => {
    const { code, text } = await fuzzed(
      `[parameters]\n"path.name" = "${NAME}"\n"path.namespace" = "${NAME}"\n`,
      BOUNDS,
    );
    assert.equal(code, 0, text.slice(-8_000));
    const { found, refused } = asked();
    assert.ok(found > 50 && refused > 10, `${found} answers, ${refused} refusals`);
  });

  test('of anything', async () => {
    const { code, text } = await fuzzed('', BOUNDS);
    assert.equal(code, 0, text.slice(-8_000));
    const { found, refused } = asked();
    assert.ok(found > 20 && refused > 50, `${found} answers, ${refused} refusals`);
  });
});
