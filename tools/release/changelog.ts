/** What is wrong with a changelog for a release of this version: its newest section must be that version's, and say something. */
export function changelogFindings(path: string, text: string, version: string): string[] {
  const [newest = '', ...others] = text.split(/^## /m).slice(1);
  const [title = '', ...lines] = newest.trim().split('\n');
  if (title.trim() !== version) return [`${path} begins with "${title.trim()}", not with ${version}`];
  const empty = lines.some((line) => line.startsWith('- ')) ? [] : [`${path} says nothing of ${version}`];
  const again = others.some((other) => other.split('\n')[0]?.trim() === version)
    ? [`${path} has ${version} twice`]
    : [];
  return [...empty, ...again];
}
