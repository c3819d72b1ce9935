import { ownTime } from './own-time.ts';
const n = Number(process.argv[2] ?? 100);
const one = await ownTime(1);
const many = await ownTime(n);
console.log(JSON.stringify({ one, many }));
