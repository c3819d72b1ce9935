// `npm run fuzz:bgp -- --messages 10000000 --seed 1`: hostile input for the BGP decoder. Ends at the first message that is neither decoded nor refused
// as the protocol wants it, and prints it with its seed; it then belongs into the corpus (backend/src/speakers/bgp/wire/testdata).
import { parseArgs } from 'node:util';
import { readCorpus } from '../../backend/src/speakers/bgp/wire/testing/corpus.ts';
import { fuzz } from '../../backend/src/speakers/bgp/wire/testing/fuzzer.ts';

const { values } = parseArgs({
  options: { messages: { type: 'string', default: '10000000' }, seed: { type: 'string' } },
});
const total = Number(values.messages);
const first = Number(values.seed ?? Date.now() % 1_000_000_000);
const round = 100_000;
const corpus = readCorpus();
// Most messages are refused, by an error whose stack nobody reads; of one that breaks something a short run with its seed has it.
Error.stackTraceLimit = 0;
const began = performance.now();
let [decoded, refused, most] = [0, 0, 0];

console.log(`${total} messages from seed ${first} on, ${corpus.length} in the corpus`);
for (let done = 0; done < total; done += round) {
  const tally = fuzz({ seed: first + done / round, messages: Math.min(round, total - done), corpus });
  decoded += tally.decoded;
  refused += tally.refused;
  most = Math.max(most, process.memoryUsage.rss());
  if ((done / round) % 10 === 9) console.log(`${done + round} messages, ${seconds()} s`);
}
console.log(
  `${decoded} decoded, ${refused} refused, no crash; ${seconds()} s, at most ${Math.round(most / 2 ** 20)} MiB of memory`,
);

function seconds(): number {
  return Math.round((performance.now() - began) / 1_000);
}
