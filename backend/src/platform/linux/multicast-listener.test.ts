import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { errno, type Libc, type SystemError } from './libc.ts';
import { MulticastListener } from './multicast-listener.ts';

const LINK = 7;
const IPV6_JOIN_GROUP = 20;
const IPV6_LEAVE_GROUP = 21;
const group = (last: number): Uint8Array => new Uint8Array(16).fill(0xff, 0, 1).with(1, 2).with(15, last);

/** A kernel that joins groups while the link has IPv6. */
class FakeKernel {
  hasIpv6 = false;
  /** Last octets of the groups that are joined. */
  readonly joined = new Set<number>();
  readonly sockets = new Set<number>();
  calls = 0;
  readonly refusals: SystemError[] = [];
  #next = 3;

  listener(): MulticastListener {
    return new MulticastListener({ libc: this.libc(), onRefused: (reason) => this.refusals.push(reason) }, LINK);
  }

  libc(): Libc {
    const calls: Partial<Libc> = {
      socket: () => {
        this.sockets.add(this.#next);
        return this.#next++;
      },
      close: (fd) => (this.sockets.delete(fd) ? 0 : -1),
      setsockopt: (_fd, _level, name, request) => this.#set(name, request),
      errno: () => errno.ENODEV,
    };
    return calls as Libc;
  }

  #set(name: number, request: Uint8Array): number {
    this.calls += 1;
    assert.equal(new DataView(request.buffer).getInt32(16, true), LINK);
    const [last = 0] = request.subarray(15, 16);
    if (name === IPV6_LEAVE_GROUP) return this.joined.delete(last) ? 0 : -1;
    assert.equal(name, IPV6_JOIN_GROUP);
    if (!this.hasIpv6) return -1;
    this.joined.add(last);
    return 0;
  }
}

suite('groups that the kernel would not join', () => {
  test('are joined once the link has IPv6, but for those that have been left meanwhile', () => {
    const kernel = new FakeKernel();
    const listener = kernel.listener();
    for (const last of [1, 2, 3]) listener.join(group(last));
    assert.equal(kernel.refusals.length, 3);
    listener.leave(group(2));
    listener.retry();
    assert.deepEqual([...kernel.joined], []);
    kernel.hasIpv6 = true;
    listener.retry();
    assert.deepEqual([...kernel.joined].sort(), [1, 3]);
    listener.leave(group(1));
    assert.deepEqual([...kernel.joined], [3]);
    const { calls } = kernel;
    listener.retry();
    assert.equal(kernel.calls, calls, 'nothing is left to try');
    listener.close();
    assert.deepEqual([...kernel.sockets], []);
  });

  test('cost one attempt, however many they are, while nothing has changed', () => {
    const kernel = new FakeKernel();
    const listener = kernel.listener();
    for (let last = 0; last < 200; last++) listener.join(group(last));
    const { calls } = kernel;
    for (let i = 0; i < 10; i++) listener.retry();
    assert.equal(kernel.calls, calls + 10);
    assert.equal(kernel.refusals.length, 200, 'what is refused again is not told again');
    listener.close();
    kernel.hasIpv6 = true;
    listener.retry();
    assert.deepEqual([...kernel.joined], []);
  });
});
