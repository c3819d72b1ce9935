/** What ends a BGP session, as the speaker says it in English and the API in another language. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { initialState, transition, type FsmEvent, type FsmState } from '../speakers/bgp/fsm/fsm.ts';
import type { PeerConfig } from '../speakers/bgp/model.ts';
import { configProblem } from '../speakers/bgp/config-problem.ts';
import { notification } from '../speakers/bgp/wire/notification.ts';
import type { PeerAnswer } from './schemas/peer.ts';
import { aSession } from './testing/facts.ts';
import { factsOf } from './testing/api-bench.ts';
import { bench } from './testing/two-services.ts';
import { Translations } from './texts.ts';

const zh = new Translations().in('zh');

const CONFIG: PeerConfig = {
  ...{ key: 'r1', address: '192.0.2.1', port: 179, peerAs: 65001, localAs: 65000, routerId: '192.0.2.2' },
  ...{ holdTimeSeconds: 90, connectRetrySeconds: 60, families: [{ family: 'ipv4-unicast', addPathSendMax: 8 }] },
  gracefulRestart: { restartTimeSeconds: 120 },
};

type Open = Extract<Extract<FsmEvent, { type: 'message' }>['message'], { type: 'open' }>;

const open: Open = {
  ...{ type: 'open', as: 65001, holdTimeSeconds: 180, identifier: '192.0.2.1' },
  capabilities: [
    { type: 'multiprotocol', family: 'ipv4-unicast' },
    { type: 'four-octet-as', as: 65001 },
  ],
};
const received = (message: Extract<FsmEvent, { type: 'message' }>['message']): FsmEvent => ({
  type: 'message',
  message,
});
const CONNECT: readonly FsmEvent[] = [{ type: 'start' }];
const OPEN_SENT: readonly FsmEvent[] = [...CONNECT, { type: 'connected' }];

/** What the state machine says has ended it, after these events. */
function ending(events: readonly FsmEvent[], overrides: Partial<PeerConfig> = {}): string {
  let state: FsmState = initialState;
  let error = '';
  for (const event of events) {
    const { effects, ...next } = transition({ config: { ...CONFIG, ...overrides }, jitter: 0 }, state, event);
    state = next.state;
    for (const effect of effects) if (effect.type === 'failed') error = effect.error;
  }
  return error;
}

const silent = (reason: string): FsmEvent => ({ type: 'disconnected', reason, unanswered: true });
const gone = (reason: string): FsmEvent => ({ type: 'disconnected', reason });

const CASES: readonly (readonly [told: string, said: string])[] = [
  [
    '无法连接：192.0.2.1:179 拒绝连接（该处无人监听，或被防火墙拒绝）',
    ending([...CONNECT, gone('connect ECONNREFUSED 192.0.2.1:179')]),
  ],
  [
    '无法连接：192.0.2.1:179 没有应答（连接超时）：TCP-MD5 密码是否有误或缺失？',
    ending([...CONNECT, silent('connect ETIMEDOUT 192.0.2.1:179')], { password: 'x' }),
  ],
  [
    '无法连接：192.0.2.1:179 没有应答（连接超时）：距离是否超过 2 跳，或对方未启用 TTL 安全？',
    ending([...CONNECT, silent('connect ETIMEDOUT 192.0.2.1:179')], { ttlSecurityHops: 2 }),
  ],
  [
    '无法连接：192.0.2.1:179 没有应答（连接超时）：距离是否超过 1 跳，或对方未启用 TTL 安全？',
    ending([...CONNECT, silent('connect ETIMEDOUT 192.0.2.1:179')], { ttlSecurityHops: 1 }),
  ],
  [
    '无法连接：192.0.2.1:179 - Local (192.0.2.2:0) 不可达（主机不可达）',
    ending([...CONNECT, gone('connect EHOSTUNREACH 192.0.2.1:179 - Local (192.0.2.2:0)')]),
  ],
  ['连接中断：对方关闭了连接', ending([...OPEN_SENT, gone('closed by the peer')])],
  ['连接中断：连接被对方重置', ending([...OPEN_SENT, gone('read ECONNRESET')])],
  [
    '路由器发送了 Cease / Administrative Shutdown',
    ending([...OPEN_SENT, received({ type: 'notification', ...notification(6, 2) })]),
  ],
  [
    '本端发送了 OPEN Message Error / Bad Peer AS（对方的 AS 号为 65009，配置为 65001）',
    ending([...OPEN_SENT, received({ ...open, as: 65009, capabilities: [] })]),
  ],
  [
    '本端发送了 OPEN Message Error / Unacceptable Hold Time（对方要求的保持时间为 2 秒）',
    ending([...OPEN_SENT, received({ ...open, holdTimeSeconds: 2 })]),
  ],
  ['本端发送了 Hold Timer Expired（240 秒内未收到任何报文）', ending([...OPEN_SENT, { type: 'timer', timer: 'hold' }])],
  [
    '本端发送了 Finite State Machine Error / Unexpected Message in OpenSent State（收到非预期的 KEEPALIVE）',
    ending([...OPEN_SENT, received({ type: 'keepalive' })]),
  ],
  ['配置的 port 无效', configProblem({ ...CONFIG, port: 0 }) ?? ''],
];

suite('what ended a BGP session', () => {
  for (const [told, said] of CASES) test(`${said} is told in Chinese`, () => assert.equal(zh.networkWords(said), told));

  test('what a second witness saw is told in Chinese as well, and what a probe got', () => {
    const port = 'TCP port 10250: ';
    assert.equal(zh.networkWords(`${port}accepted`), 'TCP 端口 10250：已接受连接');
    assert.equal(
      zh.networkWords(`${port}connect ETIMEDOUT 192.0.2.1:10250; ARP/NDP: no answer`),
      'TCP 端口 10250：192.0.2.1:10250 没有应答（连接超时）；ARP/NDP：没有应答',
    );
    assert.equal(
      zh.networkWords(`${port}no answer within 500 ms; ARP/NDP: not on a link of this host`),
      'TCP 端口 10250：500 毫秒内没有应答；ARP/NDP：不在本主机的链路上',
    );
    assert.equal(zh.told('it answers 503 at /livez'), '/livez 返回 503');
    assert.equal(zh.told('what it answers is no HTTP'), '其应答不是 HTTP');
  });

  test('what keeps BFD from a session is told in Chinese as well, with the words of the kernel, and in its condition', async (context) => {
    const api = await bench(context);
    const problem = 'UDP port 3784: bind: address already in use (EADDRINUSE)';
    const bfd = { state: 'Down', since: '2026-01-01T00:00:00Z', transmitIntervalMs: 300, problem } as const;
    const none = { diagnostic: undefined, remoteDiagnostic: undefined, detectionTimeMs: undefined };
    const session = { ...aSession('r1'), bfd: { ...bfd, ...none } };
    api.replicas.set('porter-0', factsOf('porter-0', { sessions: [session] }));
    const told = 'UDP 端口 3784：端口已被占用（bind: address already in use (EADDRINUSE)）';
    const chinese = await api.answer<PeerAnswer>('peers/r1', { headers: { 'accept-language': 'zh' } });
    const english = await api.answer<PeerAnswer>('peers/r1');
    assert.deepEqual([chinese.live[0]?.bfd?.problem, english.live[0]?.bfd?.problem], [told, problem]);
    const because = (why: string): string => zh.told(`spec.bfd: BFD is not up from n1, n2 (${why}).`);
    assert.ok(because(problem).includes(told), because(problem));
    const silent = because('the router does not answer: is BFD configured there?');
    assert.doesNotMatch(silent, /answer|configured/);
    assert.ok(because('Control Detection Time Expired').includes('Control Detection Time Expired'));
  });

  test('stays as it is where there are no words for it, and in English', () => {
    assert.equal(zh.networkWords('something else'), 'something else');
    assert.equal(zh.networkWords('connection lost: something else'), '连接中断：something else');
    const [[, said] = []] = CASES;
    assert.equal(new Translations().in('en').networkWords(said ?? ''), said);
  });

  test('is told with the session of a peer, and behind what its condition says', async (context) => {
    const api = await bench(context);
    const [[told, said] = []] = CASES;
    api.replicas.set('porter-0', factsOf('porter-0', { sessions: [{ ...aSession('r1', 'Active'), lastError: said }] }));
    const { live } = await api.answer<PeerAnswer>('peers/r1', { headers: { 'accept-language': 'zh' } });
    assert.deepEqual([live[0]?.lastError, live[0]?.lastErrorText], [said, told]);
    assert.equal(zh.told(`No replica has a session. ${said}`), `${zh.told('No replica has a session.')}${told}`);
  });
});
