// Calls Backstage's own catalog client as told on standard input: a list of [method, ...arguments].
// Answers with what each call gave, beside what its in-memory twin gives for the same entities.
const { CatalogClient, CATALOG_FILTER_EXISTS } = require('@backstage/catalog-client');
const { InMemoryCatalogClient } = require('@backstage/catalog-client/testUtils');

const { base, token, calls } = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const revive = (value) => {
  if (value === '$EXISTS') return CATALOG_FILTER_EXISTS;
  if (Array.isArray(value)) return value.map(revive);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revive(item)]));
};
const attempt = async (client, [method, ...args]) => {
  try {
    if (method.startsWith('stream')) {
      const pages = [];
      for await (const page of client[method](...args, { token })) pages.push(page);
      return { value: pages };
    }
    return { value: await client[method](...args, { token }) };
  } catch (error) {
    return { error: { name: error.name, status: error.statusCode, cause: error.cause?.name,
                      message: error.cause?.message ?? error.message } };
  }
};
(async () => {
  const client = new CatalogClient({ discoveryApi: { getBaseUrl: async () => base } });
  const { items } = await client.getEntities({}, { token });
  const twin = new InMemoryCatalogClient({ entities: items });
  const answers = [];
  for (const call of calls.map(revive)) {
    answers.push({ ours: await attempt(client, call), twin: await attempt(twin, call) });
  }
  console.log(JSON.stringify(answers));
})();
