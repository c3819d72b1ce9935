import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Facts } from './facts.ts';
import { Exposition } from './exposition.ts';
import { aSession, someEngineMeasures, someFacts } from './testing/facts.ts';

class Scraped {
  facts: Facts = someFacts();
  asked = 0;
  readonly exposition = new Exposition({
    facts: async () => {
      this.asked += 1;
      return await Promise.resolve(this.facts);
    },
  });

  /** The lines of a scrape that begin so. */
  async lines(start: string): Promise<string[]> {
    const { text } = await this.exposition.page();
    return text.split('\n').filter((line) => line.startsWith(start));
  }
}

suite('a scrape', () => {
  test('gets what the facts say, in the text format', async () => {
    const scraped = new Scraped();
    const { contentType, text } = await scraped.exposition.page();
    assert.equal(contentType, 'text/plain; version=0.0.4; charset=utf-8');
    for (const line of [
      '# TYPE porterlb_bgp_session_up gauge',
      '# TYPE porterlb_api_requests_total counter',
      'porterlb_build_info{version="1.2.3",node_version="v24.0.0"} 1',
      'porterlb_bgp_session_up{peer="r1"} 1',
      'porterlb_bgp_session_up{peer="r2"} 0',
      'porterlb_bgp_session_flaps_total{peer="r1"} 2',
      'porterlb_pool_addresses{pool="a",family="ipv6"} 18446744073709552000',
      'porterlb_services{condition="Allocated",reason="PoolFull"} 1',
      'porterlb_api_requests_total{verb="patch",resource="services",result="conflict"} 3',
      'porterlb_layer2_announcements_total{interface="eth0",protocol="arp"} 6',
      'porterlb_layer2_dropped_frames_total{interface="eth0",reason="foreign"} 70',
      'porterlb_node_verdict{node="n2",verdict="dead",evidence="host-silent"} 1',
      'porterlb_nodes{verdict="unknown"} 0',
      'porterlb_event_loop_delay_max_seconds{thread="engine"} 0.3',
      'process_cpu_seconds_total 12.5',
    ]) {
      assert.ok(text.split('\n').includes(line), `${line}\n${text}`);
    }
  });

  test('gets counters as they are, however often it comes', async () => {
    const scraped = new Scraped();
    const name = 'porterlb_bgp_updates_sent_total{peer="r1"}';
    assert.deepEqual(await scraped.lines(name), [`${name} 2`]);
    assert.deepEqual(await scraped.lines(name), [`${name} 2`]);
    scraped.facts = someFacts({ engine: someEngineMeasures({ sessions: [aSession({ updatesSent: 7 })] }) });
    assert.deepEqual(await scraped.lines(name), [`${name} 7`]);
  });

  test('gets nothing any more of what is gone', async () => {
    const scraped = new Scraped();
    assert.equal((await scraped.lines('porterlb_bgp_session_up{')).length, 2);
    scraped.facts = someFacts({ engine: someEngineMeasures({ sessions: [aSession()], nodes: [], layer2: undefined }) });
    assert.deepEqual(await scraped.lines('porterlb_bgp_session_up{'), ['porterlb_bgp_session_up{peer="r1"} 1']);
    for (const start of ['porterlb_node_verdict{', 'porterlb_layer2_'])
      assert.deepEqual(await scraped.lines(start), []);
  });

  test('is told when the engine does not answer, and gets no zero for what is not known', async () => {
    const scraped = new Scraped();
    scraped.facts = someFacts({ engine: undefined });
    assert.deepEqual(await scraped.lines('porterlb_engine_responding'), ['porterlb_engine_responding 0']);
    assert.deepEqual(await scraped.lines('porterlb_bgp_med_offset'), []);
    scraped.facts = someFacts();
    assert.deepEqual(await scraped.lines('porterlb_bgp_med_offset'), ['porterlb_bgp_med_offset 100']);
  });

  test('shares the work with others that come at the same time', async () => {
    const scraped = new Scraped();
    const pages = await Promise.all([1, 2, 3].map(async () => await scraped.exposition.page()));
    assert.equal(scraped.asked, 1);
    assert.equal(new Set(pages).size, 1);
    await scraped.exposition.page();
    assert.equal(scraped.asked, 2);
  });

  test('that fails is not the last one', async () => {
    const scraped = new Scraped();
    const failing = scraped.facts;
    scraped.facts = { ...failing, informers: undefined as unknown as Facts['informers'] };
    await assert.rejects(scraped.exposition.page());
    scraped.facts = failing;
    assert.deepEqual(await scraped.lines('porterlb_ready'), ['porterlb_ready 1']);
  });
});

test('what took long is in the buckets that it belongs in', async () => {
  const scraped = new Scraped();
  for (const seconds of [0.02, 0.2, 3]) scraped.exposition.observe('allocated', seconds);
  const buckets = await scraped.lines('porterlb_service_allocation_seconds_bucket');
  assert.ok(buckets.includes('porterlb_service_allocation_seconds_bucket{le="0.025"} 1'));
  assert.ok(buckets.includes('porterlb_service_allocation_seconds_bucket{le="0.5"} 2'));
  assert.ok(buckets.includes('porterlb_service_allocation_seconds_bucket{le="+Inf"} 3'));
  assert.deepEqual(await scraped.lines('porterlb_service_announcement_seconds_count'), [
    'porterlb_service_announcement_seconds_count 0',
  ]);
});
