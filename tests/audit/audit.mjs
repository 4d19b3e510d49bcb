// Runs every audit of `graphql-http` against a server: npm ci && node audit.mjs [URL]
//
// Prints each audit that is not met and, as its last line, `N passed, N failed`. Exits 1 if any is not met, be it a MUST
// or a MAY: all 61 are met today, and that is not to be lost unnoticed. Exits 2 if the server cannot be asked at all, or
// if there are fewer audits than there used to be.

import { auditServer } from 'graphql-http';

const EXPECTED = 61;
const url = process.argv[2] ?? 'http://127.0.0.1:5001/graphql';

let results;
try {
  results = await auditServer({ url });
} catch (error) {
  console.error(`${url} could not be asked: ${error.cause?.message ?? error.message}`);
  process.exit(2);
}

const failed = results.filter((result) => result.status !== 'ok');
for (const { id, name, status, reason } of failed) {
  console.log(`${status} ${id} ${name}\n  ${reason}`);
}
console.log(`${results.length - failed.length} passed, ${failed.length} failed`);

if (results.length < EXPECTED) {
  console.error(`Only ${results.length} audits ran; there used to be ${EXPECTED}.`);
  process.exit(2);
}
process.exit(failed.length === 0 ? 0 : 1);
