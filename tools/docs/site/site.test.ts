import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { withTree } from '../../lint/fixture-tree.ts';
import { buildSite, writeSite } from './build.ts';
import { deadLinks } from './links.ts';
import { navigationOf } from './navigation.ts';
import { placeOf, twinOf } from './places.ts';
import { renderPage } from './render.ts';

const root = join(import.meta.dirname, '../../..');
const repository = 'https://code.example/porterlb';

const around = {
  repository,
  isPage: (path: string): boolean => path.endsWith('.md') && !path.startsWith('lab/'),
  isFolder: (path: string): boolean => path === 'lab',
  isThere: (): boolean => true,
};

function html(text: string, path = 'docs/how-to/a.md'): string {
  return renderPage({ path, text }, around).html;
}

suite('a page of the site', () => {
  test('leads to other pages where they stand there, and to the repository for all else', () => {
    assert.match(html('[x](../addresses.md#sharing)'), /href="\.\.\/addresses\.html#sharing"/);
    assert.match(html('[x](b.md)'), /href="b\.html"/);
    assert.match(html('[x](#here)'), /href="#here"/);
    assert.match(html('[x](../README.md)'), /href="\.\.\/index\.html"/);
    assert.match(html('[x](../../CONTRIBUTING.md)'), /href="\.\.\/contributing\.html"/);
    assert.match(html('[x](../../lab)'), /href="https:\/\/code\.example\/porterlb\/tree\/main\/lab"/);
    assert.match(html('[x](../../lab/demo.ts)'), /href="https:\/\/code\.example\/porterlb\/blob\/main\/lab\/demo\.ts"/);
    assert.match(html('[x](https://other.example/)'), /href="https:\/\/other\.example\/"/);
  });

  test('has headings that links to them find, also those in Chinese and those that are there twice', () => {
    const page = html('# One `two`\n\n## 使用 BGP（如果）\n\n## Again\n\n## Again\n');
    for (const id of ['one-two', '使用-bgp如果', 'again', 'again-1']) assert.ok(page.includes(` id="${id}"`), id);
  });

  test('shows text as text, and which commands a test runs', () => {
    const page = html('```sh run-by=a.test.ts\necho "<a>" && b\n```\n\n```sh yours\nc\n```\n');
    assert.ok(page.includes('echo &quot;&lt;a&gt;&quot; &amp;&amp; b'));
    assert.equal(page.match(/class="mark"/g)?.length, 1);
  });

  test('shows pictures of the repository as files of its own', () => {
    const rendered = renderPage({ path: 'docs/how-to/a.md', text: '![A pool](../../extension/static/x.webp)' }, around);
    assert.ok(rendered.html.includes('<img src="../pictures/x.webp" alt="A pool">'), rendered.html);
    assert.deepEqual(rendered.pictures, ['extension/static/x.webp']);
    assert.match(html('![x](https://other.example/x.png)'), /src="https:\/\/other\.example\/x\.png"/);
  });

  test('has its title from its heading', () => {
    assert.equal(renderPage({ path: 'docs/a.md', text: '<!-- x -->\n\n# The `a`\n' }, around).title, 'The a');
  });
});

test('a link that leads nowhere is found, and one to a heading that is not there', () => {
  const page =
    '<h1 id="top">x</h1><a href="b.html#top">1</a><a href="c.html">2</a><a href="b.html#no">3</a><a href="https://x/">4</a>';
  const site = new Map([
    ['a.html', page],
    ['b.html', '<h1 id="top"></h1><img src="icon.svg">'],
    ['icon.svg', undefined],
  ]);
  assert.deepEqual(deadLinks(site), ['a.html: c.html leads nowhere', 'a.html: b.html has no heading #no']);
});

test('the index is the navigation', () => {
  const text =
    '# X\n\n[not](a.md)\n\n## Begin\n\n- [One](one.md): text with [a link](two.md)\n- [Away](https://x.example/a)\n\n## Empty\n\n## End\n\n- [Root](../ROOT.md)\n';
  assert.deepEqual(navigationOf({ path: 'docs/README.md', text }), [
    { title: 'Begin', entries: [{ title: 'One', page: 'docs/one.md' }] },
    { title: 'End', entries: [{ title: 'Root', page: 'ROOT.md' }] },
  ]);
});

test('every page has a place, and its twin in the other language', () => {
  assert.deepEqual(['docs/README.md', 'docs/zh/a.md', 'extension/CHANGELOG_zh.md', 'lab/README.md'].map(placeOf), [
    ...['index.html', 'zh/a.html', 'zh/changelog.html', undefined],
  ]);
  for (const page of ['docs/a.md', 'docs/how-to/a.md', 'extension/CHANGELOG.md'])
    assert.equal(twinOf(twinOf(page)), page);
});

test('a page that the index does not list is named, and a link to a file that is not there', async () => {
  const tree = {
    'package.json': '{"version": "1.2.3"}',
    'docs/README.md': '# Index\n\n## All\n\n- [One](one.md)\n',
    'docs/one.md': '# One\n\n[two](two.md#nothing), [three](three.md), [lab](../lab), [code](../lab/demo.ts)\n',
    'lab/run.ts': '',
    'docs/two.md': '# Two\n',
    'docs/zh/README.md': '# 文档\n\n## 全部\n\n- [One](../one.md)\n',
    'tools/docs/site/style.css': 'a {}',
    'extension/static/icon.svg': '<svg/>',
  };
  const findings = await withTree(tree, (folder) => Promise.resolve(buildSite(folder, repository).findings));
  assert.deepEqual(findings, [
    'docs/one.md: three.md leads nowhere',
    'docs/one.md: ../lab/demo.ts leads nowhere',
    'one.html: two.html has no heading #nothing',
    'docs/two.md is not in docs/README.md',
  ]);
});

test('the site of this repository has all pages, no dead link, and asks nothing of elsewhere', async () => {
  const site = buildSite(root, repository);
  assert.deepEqual(site.findings, []);
  assert.ok(site.files.has('zh/quick-start-kubesphere.html') && site.files.has('reference/resources.html'));
  for (const [place, text] of site.files)
    assert.doesNotMatch(String(text), /<script|src="https?:|@import|url\(/, place);
  await withTree({}, (folder) => {
    writeSite(site, join(folder, 'site'));
    assert.ok(existsSync(join(folder, 'site/reference/values.html')));
    assert.match(readFileSync(join(folder, 'site/zh/index.html'), 'utf8'), /<html lang="zh">/);
    return Promise.resolve();
  });
});
