import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { selfSigned } from './self-signed.ts';

const WISH = {
  name: 'porter-manager',
  dnsNames: ['porter-manager-api.porterlb-system.svc', 'localhost'],
  notBefore: new Date('2026-01-02T03:04:05Z'),
  notAfter: new Date('2050-06-07T08:09:10Z'),
};

test('OpenSSL reads what was wished for, and finds the signature right', async () => {
  const { key, cert } = await selfSigned(WISH);
  const certificate = new X509Certificate(cert);
  assert.ok(certificate.verify(certificate.publicKey));
  assert.match(key, /BEGIN PRIVATE KEY/);
  assert.equal(certificate.subject, 'CN=porter-manager');
  assert.equal(certificate.subjectAltName, 'DNS:porter-manager-api.porterlb-system.svc, DNS:localhost');
  assert.deepEqual(
    [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)],
    [+WISH.notBefore, +WISH.notAfter],
  );
  assert.equal(certificate.ca, false);
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
  assert.equal(certificate.checkHost('localhost'), 'localhost');
  assert.equal(certificate.checkHost('porter-manager'), undefined);
});

test('two of them have nothing in common', async () => {
  const [a, b] = await Promise.all([selfSigned(WISH), selfSigned(WISH)]);
  assert.notEqual(a.key, b.key);
  assert.notEqual(new X509Certificate(a.cert).serialNumber, new X509Certificate(b.cert).serialNumber);
});
