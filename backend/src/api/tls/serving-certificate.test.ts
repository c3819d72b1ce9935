import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { FakeKube } from '../../cluster/fake/fake-kube.ts';
import { ApiError } from '../../cluster/errors.ts';
import { secrets } from '../../cluster/kinds.ts';
import { ServingSecret } from '../../cluster/write/serving-secret.ts';
import { FakeClock } from '../../platform/fake/clock.ts';
import { FakeLogger } from '../../platform/fake/logger.ts';
import { selfSigned, type KeyAndCertificate } from './self-signed.ts';
import {
  MountedCertificate,
  OwnCertificate,
  ServingCertificate,
  type CertificateSource,
} from './serving-certificate.ts';

const REF = { namespace: 'system', name: 'porter-manager-api' };
const DAY_MS = 86_400_000;

class Bench {
  readonly clock = new FakeClock();
  readonly kube = new FakeKube({ clock: this.clock });
  readonly logger = new FakeLogger();
  /** What is loaded for the `n`th time has been loaded: reading and making take real time. */
  loads = 0;

  own(): CertificateSource {
    const store = new ServingSecret(this.kube, REF);
    const { clock, logger } = this;
    return this.counted(new OwnCertificate({ clock, logger, store }, { dnsNames: ['localhost'] }));
  }

  counted(source: CertificateSource): CertificateSource {
    return {
      load: async () => {
        try {
          return await source.load();
        } finally {
          setImmediate(() => (this.loads += 1));
        }
      },
    };
  }

  async serving(source: CertificateSource, told: string[] = []): Promise<ServingCertificate> {
    const certificate = new ServingCertificate({ clock: this.clock, logger: this.logger, source });
    await certificate.start(() => told.push(certificate.fingerprint));
    // The first load is counted.
    await new Promise((resolve) => setImmediate(resolve));
    return certificate;
  }

  /** It has looked for another certificate. */
  async looked(certificate: ServingCertificate): Promise<void> {
    const before = certificate.fingerprint;
    while (certificate.fingerprint === before) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Half a minute goes by. */
  async reloaded(): Promise<void> {
    const before = this.loads;
    this.clock.advance(30_000);
    while (this.loads === before) await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

suite('a certificate of our own', () => {
  test('is made once, by whichever replica is first, and put into the empty Secret of the chart', async () => {
    const bench = new Bench();
    bench.kube.store(secrets, { metadata: REF, type: 'kubernetes.io/tls' });
    const [a, b] = await Promise.all([bench.serving(bench.own()), bench.serving(bench.own())]);
    assert.equal(a.fingerprint, b.fingerprint);
    assert.deepEqual(a.sharedSecrets('x'), b.sharedSecrets('x'));
    assert.notDeepEqual(a.sharedSecrets('x'), a.sharedSecrets('y'));
    const { data } = bench.kube.read(secrets, REF) ?? {};
    assert.equal(Buffer.from(data?.['tls.crt'] ?? '', 'base64').toString(), a.current.cert);
    const c = await bench.serving(bench.own());
    assert.equal(c.fingerprint, a.fingerprint);
  });

  test('is made anew before it ends, and taken over by the others', async () => {
    const bench = new Bench();
    const told: string[] = [];
    const a = await bench.serving(bench.own(), told);
    const before = a.fingerprint;
    await bench.reloaded();
    assert.deepEqual([a.fingerprint, told], [before, []]);
    bench.clock.advance(310 * DAY_MS);
    await bench.reloaded();
    assert.notEqual(a.fingerprint, before);
    assert.deepEqual(told, [a.fingerprint]);
    assert.equal((await bench.serving(bench.own())).fingerprint, a.fingerprint);
  });

  test('counts beside the new one until every replica has that, and one that is not known is looked for', async () => {
    const bench = new Bench();
    const [a, b] = [await bench.serving(bench.own()), await bench.serving(bench.own())];
    const [old] = a.sharedSecrets('x');
    bench.clock.advance(6_000);
    bench.kube.store(secrets, { metadata: REF });
    // The third one makes another, of which the first two don't know yet.
    const c = await bench.serving(bench.own());
    assert.equal(a.accepts(c.fingerprint), false);
    await bench.looked(a);
    assert.equal(a.accepts(c.fingerprint), true);
    assert.equal(a.accepts(b.fingerprint), true);
    assert.deepEqual(a.sharedSecrets('x'), [...c.sharedSecrets('x'), old]);
    bench.clock.advance(121_000);
    assert.deepEqual(a.sharedSecrets('x'), c.sharedSecrets('x'));
  });

  test('that may not be made, as somebody has deleted the Secret, is missed in words', async () => {
    const bench = new Bench();
    const error = new ApiError({ status: 403, reason: 'Forbidden', message: 'no' });
    bench.kube.faults.inject({ verb: 'create', plural: 'secrets', error });
    await assert.rejects(bench.serving(bench.own()), /no Secret system\/porter-manager-api .*helm upgrade/);
  });

  test('that somebody has garbled is made anew', async () => {
    const bench = new Bench();
    const data = { 'tls.crt': Buffer.from('x').toString('base64'), 'tls.key': Buffer.from('y').toString('base64') };
    bench.kube.store(secrets, { metadata: REF, data });
    assert.match((await bench.serving(bench.own())).current.cert, /BEGIN CERTIFICATE/);
  });
});

suite('a certificate that is mounted', () => {
  async function made(name: string): Promise<KeyAndCertificate> {
    const times = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2040-01-01T00:00:00Z') };
    return await selfSigned({ name, dnsNames: ['localhost'], ...times });
  }

  function folder(context: TestContext): (files: Partial<KeyAndCertificate>) => string {
    const path = mkdtempSync(join(tmpdir(), 'porterlb-tls-'));
    context.after(() => rmSync(path, { recursive: true }));
    return ({ key, cert }) => {
      if (key !== undefined) writeFileSync(join(path, 'tls.key'), key);
      if (cert !== undefined) writeFileSync(join(path, 'tls.crt'), cert);
      return path;
    };
  }

  test('is taken over when another one is there, and not halfway', async (context) => {
    const bench = new Bench();
    const put = folder(context);
    const [first, second] = await Promise.all([made('a'), made('b')]);
    const path = put(first);
    const told: string[] = [];
    const certificate = await bench.serving(bench.counted(new MountedCertificate(path)), told);
    put({ cert: second.cert });
    await bench.reloaded();
    assert.deepEqual([certificate.current, told], [first, []]);
    put({ key: second.key });
    await bench.reloaded();
    assert.deepEqual([certificate.current, told.length], [second, 1]);
    certificate.stop();
  });

  test('that is garbled behind its first certificate is not taken over, but the one in use is served and accepted on', async (context) => {
    const bench = new Bench();
    const put = folder(context);
    const [first, second] = await Promise.all([made('a'), made('b')]);
    const told: string[] = [];
    const certificate = await bench.serving(bench.counted(new MountedCertificate(put(first))), told);
    const garbled = '-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n';
    put({ key: second.key, cert: `${second.cert}${garbled}` });
    await bench.reloaded();
    bench.clock.advance(121_000);
    assert.deepEqual([certificate.current, told], [first, []]);
    assert.equal(certificate.accepts(certificate.fingerprint), true);
    assert.deepEqual(
      bench.logger.entries.map(({ message }) => message),
      ['the serving certificate can not be read anew, the last one stays in use'],
    );
    put(second);
    await bench.reloaded();
    assert.deepEqual([certificate.current, told.length], [second, 1]);
    certificate.stop();
  });

  test('is loaded once at a time, so that an older one does not come back', async () => {
    const bench = new Bench();
    const [first, second, third] = await Promise.all([made('a'), made('b'), made('c')]);
    let under = 0;
    let most = 0;
    const values = [first, second, third];
    const source: CertificateSource = {
      load: async () => {
        most = Math.max(most, (under += 1));
        const value = values.shift() ?? third;
        await new Promise((resolve) => setImmediate(resolve));
        under -= 1;
        return value;
      },
    };
    const certificate = await bench.serving(bench.counted(source));
    bench.clock.advance(30_000);
    certificate.lookAgain();
    bench.clock.advance(6_000);
    certificate.lookAgain();
    await bench.looked(certificate);
    assert.deepEqual([certificate.current, most], [second, 1]);
    certificate.stop();
  });

  test('that is not there is said at once', async () => {
    await assert.rejects(new Bench().serving(new MountedCertificate('/nowhere')), /ENOENT/);
  });
});
