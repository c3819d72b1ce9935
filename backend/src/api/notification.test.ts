import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { describeNotification, hardReset, notification } from '../speakers/bgp/wire/notification.ts';
import { notificationMeaning } from './model/notification.ts';
import { Translations } from './texts.ts';

const TEXTS = new Translations();

function meant(lastError: string): string {
  const { sentBy, code, subcode } = notificationMeaning(lastError, TEXTS.in('en')) ?? {};
  return `${sentBy} ${code}/${subcode}`;
}

suite('what a NOTIFICATION means', () => {
  test('is told of every one that the speaker has words for, in both languages', () => {
    for (const code of [1, 2, 3, 4, 5, 6, 7, 8]) {
      for (let subcode = 0; subcode < 12; subcode += 1) {
        const words = describeNotification(notification(code, subcode));
        for (const [said, sentBy] of [
          [`peer sent: ${words}`, 'router'],
          [`we sent: ${words} (it says so)`, 'porterlb'],
        ] as const) {
          assert.equal(meant(said), `${sentBy} ${code}/${subcode}`, said);
          const [en, zh] = [TEXTS.in('en'), TEXTS.in('zh')].map((texts) => notificationMeaning(said, texts)?.meaning);
          assert.match(en ?? '', /^[A-Z].*\.$/, said);
          assert.match(zh ?? '', /。$/, said);
        }
      }
    }
  });

  test('depends on who sent it', () => {
    const words = describeNotification(notification(2, 2));
    assert.match(
      notificationMeaning(`peer sent: ${words}`, TEXTS.in('en'))?.meaning ?? '',
      /expects another AS number of us/,
    );
    assert.match(
      notificationMeaning(`we sent: ${words} (65001)`, TEXTS.in('en'))?.meaning ?? '',
      /Correct spec\.conf\.peerAs/,
    );
  });

  test('is that of what a hard reset carries, and not of what the text beside it says', () => {
    assert.equal(meant(`peer sent: ${describeNotification(hardReset(notification(6, 2)))}`), 'router 6/2');
    const text = [4, ...new TextEncoder().encode('/ (a')];
    assert.equal(meant(`peer sent: ${describeNotification(notification(6, 2, text))}`), 'router 6/2');
    for (const other of ['', 'connect ECONNREFUSED', 'peer sent: error-code-99', 'nothing received for 90 s']) {
      assert.equal(notificationMeaning(other, TEXTS.in('en')), undefined);
    }
  });
});
