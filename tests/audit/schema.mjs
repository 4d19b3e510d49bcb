// Holds a schema, given in SDL on standard input, against the reference implementation: node schema.mjs URL
//
// It must parse, be valid, and be the same as what the server at URL says of itself by introspection. Exits 1 and says what
// is wrong if not.

import { readFileSync } from 'node:fs';
import {
  buildClientSchema,
  buildSchema,
  getIntrospectionQuery,
  lexicographicSortSchema,
  printSchema,
  validateSchema,
} from 'graphql';

const written = buildSchema(readFileSync(0, 'utf8'));
const faults = validateSchema(written);

const response = await fetch(process.argv[2], {
  method: 'POST',
  headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
  body: JSON.stringify({ query: getIntrospectionQuery({ inputValueDeprecation: true, oneOf: true }) }),
});
const { data, errors } = await response.json();
if (errors) {
  console.log(JSON.stringify(errors));
  process.exit(1);
}
// Sorted, because the order of definitions means nothing; without the directives that every server has.
const print = (schema) => printSchema(lexicographicSortSchema(schema)).split('\n');
const [inFile, inServer] = [print(written), print(buildClientSchema(data))];
const line = inFile.findIndex((text, index) => text !== inServer[index]);
if (line >= 0 || inFile.length !== inServer.length) {
  faults.push(new Error(`the file says "${inFile[line]}" where the server says "${inServer[line]}"`));
}

for (const fault of faults) {
  console.log(fault.message);
}
process.exit(faults.length === 0 ? 0 : 1);
